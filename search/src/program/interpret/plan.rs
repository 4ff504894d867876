//! From a graph to phases of operations on blocks.

use hatchery_kernels::cpu::elementwise::{Binary, Unary};

use crate::program::graph::Carried;
use crate::program::{
    Action, Graph, Kind, Operation, Origin, Reduction, Signature, Value, Variable,
};

/// A program made ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) phases: Vec<Phase>,
    /// Scalars: inputs, constants, results of small operations and of sums.
    pub(super) scalars: usize,
    /// Constants, set once.
    pub(super) constants: Vec<(usize, f32)>,
    /// Scalar inputs: variable and slot.
    pub(super) scalar_inputs: Vec<(Variable, usize)>,
    /// Values of kind L.
    pub(super) leaf_values: usize,
    /// Trees that are read in a later phase than they are made in.
    pub(super) temporaries: usize,
    /// Blocks that are needed at the same time.
    pub(super) registers: usize,
    /// What is read first and then written, at the end of each block of the last phase.
    pub(super) outputs: Vec<Source>,
    pub(super) carried: Vec<(Variable, Source)>,
    /// Elementwise operations on trees, for the books.
    pub(super) tree_operations: usize,
    /// Arithmetic for each number of a tree.
    pub(super) work: u32,
}

/// Work between two borders.
#[derive(Clone, Debug, Default)]
pub(super) struct Phase {
    pub(super) small: Vec<Small>,
    pub(super) block: Vec<BlockStep>,
    pub(super) sums: Vec<Sum>,
}

/// Where an operand of kind S or L is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spot {
    Scalar(usize),
    Leaves(usize),
}

/// An operation on scalars or leaf values.
#[derive(Clone, Debug)]
pub(super) struct Small {
    pub(super) operation: Operation,
    pub(super) args: [Spot; 3],
    pub(super) to: Spot,
}

/// Where a tree operand is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    Input(Variable),
    Register(usize),
    Temporary(usize),
    /// What a carried state will be after the step, by its number among the carried.
    Next(usize),
    Scalar(usize),
}

/// Where the result of a block operation goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Register(usize),
    Next(usize),
}

/// An operation on one block.
#[derive(Clone, Debug)]
pub(super) struct BlockStep {
    pub(super) action: BlockAction,
    pub(super) to: Target,
    /// Whether the block goes into this tree as well.
    pub(super) keep: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum BlockAction {
    One(Unary, Source),
    Two(Binary, Source, Source),
    /// The weight is a scalar's slot.
    Interpolate(Source, Source, usize),
    /// One number for each leaf, spread over its places.
    Spread(usize),
}

/// A sum over the tree, known at the end of the phase.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    pub(super) kind: SumKind,
    pub(super) x: Source,
    pub(super) y: Source,
    pub(super) to: Spot,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SumKind {
    Norm,
    GlobalNorm,
    Dot,
    CosineSimilarity,
    /// `min(1, c/‖x‖)` with c in that scalar slot.
    ClipFactor(usize),
}

impl Plan {
    /// Compiles a graph.
    pub fn compile(graph: &Graph, signature: &Signature) -> Self {
        Compiler::new(graph).compile(graph, signature)
    }

    /// Number of elementwise operations on trees in one step.
    pub fn tree_operations(&self) -> usize {
        self.tree_operations
    }

    /// Arithmetic of one step for each number of a tree, in units of about one multiplication: 1 for sums and products, 2 for
    /// interpolation, division and roots, 12 for transcendental functions, 24 for powers.
    pub fn work(&self) -> u32 {
        self.work
    }
}

/// What a value is while the program runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Home {
    Unknown,
    Small(Spot),
    Tree(Source),
}

struct Compiler {
    plan: Plan,
    /// The phase in which each value is there.
    level: Vec<usize>,
    /// The last phase in which each value is read by a block, and the last reader within its own phase.
    last_level: Vec<usize>,
    last_reader: Vec<usize>,
    home: Vec<Home>,
    free: Vec<usize>,
    /// The last phase.
    last: usize,
    /// Registers of leaf values spread in the current phase, and the phase.
    spread: Vec<(usize, usize)>,
}

impl Compiler {
    fn new(graph: &Graph) -> Self {
        let nodes = graph.nodes.len();
        let plan = Plan {
            phases: Vec::new(),
            scalars: 0,
            constants: Vec::new(),
            scalar_inputs: Vec::new(),
            leaf_values: 0,
            temporaries: 0,
            registers: 0,
            outputs: Vec::new(),
            carried: Vec::new(),
            tree_operations: 0,
            work: 0,
        };
        Self {
            plan,
            level: vec![0; nodes],
            last_level: vec![0; nodes],
            last_reader: vec![0; nodes],
            home: vec![Home::Unknown; nodes],
            free: Vec::new(),
            last: 0,
            spread: Vec::new(),
        }
    }

    fn compile(mut self, graph: &Graph, signature: &Signature) -> Plan {
        self.set_levels(graph);
        let results = graph.outputs.iter().chain(graph.states.iter().map(|c| &c.result));
        let phases = self.level.iter().max().map_or(1, |last| last + 1);
        let last = phases - 1;
        self.last = last;
        for &value in results {
            // Results are written at the end of a block of the last phase.
            self.last_level[value as usize] = last;
            if self.level[value as usize] == last {
                self.last_reader[value as usize] = usize::MAX;
            }
        }
        for phase in 0..phases {
            self.plan.phases.push(Phase::default());
            self.free = (0..self.plan.registers).rev().collect();
            self.spread.clear();
            for index in 0..graph.nodes.len() {
                self.place(graph, index, phase, signature);
            }
        }
        let source = |compiler: &Self, value: Value| match compiler.home[value as usize] {
            Home::Tree(Source::Register(_)) if compiler.level[value as usize] < last => {
                unreachable!("it is kept in a tree")
            }
            Home::Tree(source) => source,
            Home::Small(Spot::Scalar(slot)) => Source::Scalar(slot),
            Home::Small(Spot::Leaves(_)) | Home::Unknown => {
                unreachable!("results are trees or scalars")
            }
        };
        self.plan.outputs = graph.outputs.iter().map(|value| source(&self, *value)).collect();
        let carried = |carried: &Carried| (carried.variable, source(&self, carried.result));
        self.plan.carried = graph.states.iter().map(carried).collect();
        self.plan
    }

    fn set_levels(&mut self, graph: &Graph) {
        for (index, node) in graph.nodes.iter().enumerate() {
            let args = node.args();
            let of_args = args.iter().map(|arg| self.level[*arg as usize]).max().unwrap_or(0);
            let tree_first =
                args.first().is_some_and(|x| graph.nodes[*x as usize].kind == Kind::Tree);
            let border = match node.origin {
                Origin::Call(operation, _) => !operation.is_elementwise() && tree_first,
                _ => false,
            };
            self.level[index] = of_args + usize::from(border);
            // A sum is taken, and everything else is read, in the phase where the last argument is there; the block of a clip is
            // read once more when its factor is known.
            for arg in args {
                let arg = *arg as usize;
                let read = if matches!(node.origin, Origin::Call(Operation::Clip, _)) {
                    self.level[index]
                } else {
                    of_args
                };
                self.last_level[arg] = self.last_level[arg].max(read);
                if self.level[arg] == of_args {
                    self.last_reader[arg] = self.last_reader[arg].max(index);
                }
            }
        }
    }

    fn scalar(&mut self) -> usize {
        self.plan.scalars += 1;
        self.plan.scalars - 1
    }

    fn small(&mut self, kind: Kind) -> Spot {
        if kind == Kind::Scalar {
            return Spot::Scalar(self.scalar());
        }
        self.plan.leaf_values += 1;
        Spot::Leaves(self.plan.leaf_values - 1)
    }

    fn register(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.plan.registers += 1;
            self.plan.registers - 1
        })
    }

    fn spot(&self, value: Value) -> Spot {
        match self.home[value as usize] {
            Home::Small(spot) => spot,
            _ => unreachable!("arguments come first"),
        }
    }

    /// The operand of a block operation; a leaf value is spread first.
    fn source(&mut self, value: Value, phase: usize) -> Source {
        match self.home[value as usize] {
            Home::Tree(source) => source,
            Home::Small(Spot::Scalar(slot)) => Source::Scalar(slot),
            Home::Small(Spot::Leaves(leaves)) => {
                if let Some((_, register)) = self.spread.iter().find(|(known, _)| *known == leaves)
                {
                    return Source::Register(*register);
                }
                let to = self.register();
                self.spread.push((leaves, to));
                self.plan.phases[phase].block.push(BlockStep {
                    action: BlockAction::Spread(leaves),
                    to: Target::Register(to),
                    keep: None,
                });
                Source::Register(to)
            }
            Home::Unknown => unreachable!("arguments come first"),
        }
    }

    /// Does what there is to do for a value in a phase.
    fn place(&mut self, graph: &Graph, index: usize, phase: usize, signature: &Signature) {
        let node = &graph.nodes[index];
        match node.origin {
            Origin::Input(variable) if phase == 0 => {
                self.home[index] = if node.kind == Kind::Tree {
                    Home::Tree(Source::Input(variable))
                } else {
                    let slot = self.scalar();
                    self.plan.scalar_inputs.push((variable, slot));
                    Home::Small(Spot::Scalar(slot))
                };
                debug_assert!((variable as usize) < signature.inputs().len());
            }
            Origin::Constant(bits) if phase == 0 => {
                let slot = self.scalar();
                self.plan.constants.push((slot, f32::from_bits(bits)));
                self.home[index] = Home::Small(Spot::Scalar(slot));
            }
            Origin::Call(operation, args) => self.place_call(graph, index, phase, operation, args),
            _ => {}
        }
    }

    fn place_call(
        &mut self,
        graph: &Graph,
        index: usize,
        phase: usize,
        operation: Operation,
        args: [Value; 3],
    ) {
        let used = &args[..operation.args()];
        let kind = graph.nodes[index].kind;
        let tree_first = used.first().is_some_and(|x| graph.nodes[*x as usize].kind == Kind::Tree);
        let border = !operation.is_elementwise() && tree_first;
        if border && phase + 1 == self.level[index] {
            self.place_sum(index, phase, operation, args, kind);
        }
        if self.level[index] != phase {
            return;
        }
        match operation.action() {
            Action::Reduce(_) if border => {}
            Action::Clip if border => {
                let Home::Small(Spot::Scalar(factor)) = self.home[index] else {
                    unreachable!("the phase before made it")
                };
                let x = self.source(args[0], phase);
                self.push(
                    index,
                    phase,
                    BlockAction::Two(Binary::Multiply, x, Source::Scalar(factor)),
                    graph,
                );
            }
            action if kind == Kind::Tree => {
                let x = self.source(args[0], phase);
                let action = match action {
                    Action::One(function) => BlockAction::One(function, x),
                    Action::Two(function) => {
                        BlockAction::Two(function, x, self.source(args[1], phase))
                    }
                    Action::Interpolate => {
                        let y = self.source(args[1], phase);
                        let Spot::Scalar(weight) = self.spot(args[2]) else {
                            unreachable!("weights are scalars")
                        };
                        BlockAction::Interpolate(x, y, weight)
                    }
                    Action::Number(_) | Action::Reduce(_) | Action::Clip => {
                        unreachable!("none of them makes a tree here")
                    }
                };
                self.push(index, phase, action, graph);
            }
            _ => {
                let mut spots = [Spot::Scalar(0); 3];
                for (spot, arg) in spots.iter_mut().zip(used) {
                    *spot = self.spot(*arg);
                }
                let to = self.small(kind);
                self.plan.phases[phase].small.push(Small { operation, args: spots, to });
                self.home[index] = Home::Small(to);
            }
        }
    }

    fn place_sum(
        &mut self,
        index: usize,
        phase: usize,
        operation: Operation,
        args: [Value; 3],
        kind: Kind,
    ) {
        let x = self.source(args[0], phase);
        let (sum, y, to) = match operation.action() {
            Action::Clip => {
                let Spot::Scalar(c) = self.spot(args[1]) else {
                    unreachable!("limits are scalars")
                };
                (SumKind::ClipFactor(c), x, Spot::Scalar(self.scalar()))
            }
            Action::Reduce(Reduction::Norm) => (SumKind::Norm, x, self.small(kind)),
            Action::Reduce(Reduction::GlobalNorm) => (SumKind::GlobalNorm, x, self.small(kind)),
            Action::Reduce(Reduction::Dot) => {
                (SumKind::Dot, self.source(args[1], phase), self.small(kind))
            }
            Action::Reduce(Reduction::CosineSimilarity) => {
                (SumKind::CosineSimilarity, self.source(args[1], phase), self.small(kind))
            }
            _ => unreachable!("only these need the whole tree"),
        };
        self.plan.work += if sum == SumKind::CosineSimilarity { 3 } else { 1 };
        self.plan.phases[phase].sums.push(Sum { kind: sum, x, y, to });
        self.home[index] = Home::Small(to);
    }

    /// Adds a block operation, with a register for its result, and gives registers back that nobody reads any more.
    fn push(&mut self, index: usize, phase: usize, action: BlockAction, graph: &Graph) {
        self.plan.tree_operations += 1;
        self.plan.work += work(&action);
        // What a state will be is made where it is kept.
        let carried = graph.states.iter().position(|carried| carried.result as usize == index);
        if let Some(state) = carried.filter(|_| phase == self.last) {
            let step = BlockStep { action, to: Target::Next(state), keep: None };
            self.plan.phases[phase].block.push(step);
            self.home[index] = Home::Tree(Source::Next(state));
        } else {
            let register = self.register();
            let keep = (self.last_level[index] > phase).then(|| {
                self.plan.temporaries += 1;
                self.plan.temporaries - 1
            });
            let step = BlockStep { action, to: Target::Register(register), keep };
            self.plan.phases[phase].block.push(step);
            // Readers of later phases take the tree; the results at the very end too.
            self.home[index] = match keep {
                Some(tree) => Home::Tree(Source::Temporary(tree)),
                None => Home::Tree(Source::Register(register)),
            };
            if keep.is_some() {
                self.free.push(register);
            }
        }
        for arg in graph.nodes[index].args() {
            let arg = *arg as usize;
            let in_register = match self.home[arg] {
                Home::Tree(Source::Register(register)) => Some(register),
                _ => None,
            };
            // Sums of this phase are taken from registers after the last operation.
            let summed = in_register.is_some_and(|register| self.is_summed(graph, arg, register));
            if let Some(register) = in_register
                && self.last_reader[arg] == index
                && !summed
                && !self.free.contains(&register)
            {
                self.free.push(register);
            }
        }
    }

    /// Whether a sum over this value is taken at the end of its phase.
    fn is_summed(&self, graph: &Graph, value: usize, _: usize) -> bool {
        graph.nodes.iter().any(|node| match node.origin {
            Origin::Call(operation, _) => {
                !operation.is_elementwise() && node.args().contains(&(value as Value))
            }
            _ => false,
        })
    }
}

/// See [`Plan::work`].
fn work(action: &BlockAction) -> u32 {
    match action {
        BlockAction::Spread(_) => 0,
        BlockAction::One(
            Unary::Abs | Unary::Square | Unary::Cube | Unary::Sign | Unary::Negative,
            _,
        )
        | BlockAction::Two(
            Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Max | Binary::Min,
            ..,
        ) => 1,
        BlockAction::One(Unary::SqrtAbs | Unary::Sqrt | Unary::Reciprocal, _)
        | BlockAction::Two(Binary::Divide | Binary::ProtectedDivide, ..)
        | BlockAction::Interpolate(..) => 2,
        BlockAction::One(..) => 12,
        BlockAction::Two(Binary::Power, ..) => 24,
    }
}
