//! One game: the numbers that are left, and what may be done with two of them.

use std::ops::RangeInclusive;

use hatchery_kernels::Dice;

/// Most numbers of a game.
pub(super) const NUMBERS: usize = 5;

/// What two numbers are combined by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operation {
    pub(super) const ALL: [Self; 4] = [Self::Add, Self::Subtract, Self::Multiply, Self::Divide];

    /// The result, if it is a positive integer and no number is divided by 1.
    #[inline]
    pub(super) fn apply(self, x: u32, y: u32) -> Option<u32> {
        match self {
            Self::Add => Some(x + y),
            Self::Subtract => (x > y).then(|| x - y),
            Self::Multiply => Some(x * y),
            Self::Divide => (y > 1 && x >= y && x.is_multiple_of(y)).then(|| x / y),
        }
    }

    pub(super) fn symbol(self) -> char {
        ['+', '-', '*', '/'][self as usize]
    }

    #[inline]
    fn commutes(self) -> bool {
        matches!(self, Self::Add | Self::Multiply)
    }
}

/// Positions of two different numbers, and an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) operation: Operation,
}

impl Choice {
    /// One number for three: eight places for each position.
    #[inline]
    pub(super) fn code(self) -> u32 {
        (self.first << 5 | self.second << 2) as u32 | self.operation as u32
    }

    #[inline]
    pub(super) fn of(code: u32) -> Self {
        let operation = Operation::ALL[(code & 3) as usize];
        Self { first: (code >> 5 & 7) as usize, second: (code >> 2 & 7) as usize, operation }
    }
}

/// All that changes during a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What should be left at the end.
    pub target: u32,
    /// The last result; 0 before the first.
    pub result: u32,
    /// Steps that are left.
    pub left: u8,
    /// Steps that were legal.
    pub legal: u8,
    /// Steps that multiplied or divided.
    pub products: u8,
    /// Whether some result was the target.
    pub hit: bool,
    count: u8,
    values: [u32; NUMBERS],
}

impl State {
    /// Numbers and a target that can be made of them, with the choices that do.
    pub(super) fn start(
        count: u8,
        targets: RangeInclusive<u32>,
        dice: &mut Dice,
    ) -> (Self, [Choice; NUMBERS]) {
        let largest = if count == 3 { 12 } else { 9 };
        loop {
            let mut values = [0; NUMBERS];
            for value in &mut values[..usize::from(count)] {
                *value = 1 + dice.below(largest) as u32;
            }
            let mut state = Self {
                target: 0,
                result: 0,
                left: count - 1,
                legal: 0,
                products: 0,
                hit: false,
                count,
                values,
            };
            let start = state;
            let nothing = Choice { first: 0, second: 0, operation: Operation::Add };
            let mut way = [nothing; NUMBERS];
            for choice in &mut way[..usize::from(count) - 1] {
                *choice = state.random_choice(dice);
                state.act(*choice);
            }
            if targets.contains(&state.result) {
                return (Self { target: state.result, ..start }, way);
            }
        }
    }

    /// Puts other numbers and another target in their place.
    #[cfg(test)]
    pub(super) fn deal(&mut self, numbers: &[u32], target: u32) {
        self.values[..numbers.len()].copy_from_slice(numbers);
        self.target = target;
    }

    /// One of the legal choices, each with the same chance.
    fn random_choice(&self, dice: &mut Dice) -> Choice {
        let mut choices = [0; 4 * NUMBERS * (NUMBERS - 1)];
        let mut count = 0;
        self.each_choice(false, |choice| {
            choices[count] = choice.code();
            count += 1;
        });
        Choice::of(choices[dice.below(count)])
    }

    /// The numbers that are left, results last.
    #[inline]
    pub fn numbers(&self) -> &[u32] {
        &self.values[..usize::from(self.count)]
    }

    /// Whether the game is over.
    #[inline]
    pub fn over(&self) -> bool {
        self.left == 0
    }

    /// Whether one number is left, and it is the target.
    pub fn won(&self) -> bool {
        self.numbers() == [self.target]
    }

    /// Calls `found` with each choice.
    #[inline]
    pub(super) fn each_choice(&self, illegal: bool, mut found: impl FnMut(Choice)) {
        let numbers = self.numbers();
        for (first, &x) in numbers.iter().enumerate() {
            for (second, &y) in numbers.iter().enumerate() {
                if first == second {
                    continue;
                }
                for operation in Operation::ALL {
                    let twice = operation.commutes() && first > second;
                    if !twice && (illegal || operation.apply(x, y).is_some()) {
                        found(Choice { first, second, operation });
                    }
                }
            }
        }
    }

    /// The two numbers of a choice.
    #[inline]
    pub(super) fn operands(&self, choice: Choice) -> (u32, u32) {
        (self.values[choice.first], self.values[choice.second])
    }

    /// One step: whether the result is the target, and whether it multiplied or divided.
    #[inline]
    pub(super) fn act(&mut self, choice: Choice) -> [f32; 2] {
        let (x, y) = self.operands(choice);
        let product = matches!(choice.operation, Operation::Multiply | Operation::Divide);
        self.left -= 1;
        self.products += u8::from(product);
        let mut hit = false;
        if let Some(result) = choice.operation.apply(x, y) {
            self.remove(choice.first.max(choice.second));
            self.remove(choice.first.min(choice.second));
            self.values[usize::from(self.count)] = result;
            self.count += 1;
            self.legal += 1;
            self.result = result;
            hit = result == self.target;
            self.hit |= hit;
        }
        [f32::from(u8::from(hit)), f32::from(u8::from(product))]
    }

    #[inline]
    fn remove(&mut self, index: usize) {
        let count = usize::from(self.count);
        self.values.copy_within(index + 1..count, index);
        self.count -= 1;
    }
}
