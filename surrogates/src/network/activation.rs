//! What hidden units do, and its slope.

use hatchery_kernels::simd::Kernel;

use super::Real;

/// What a hidden unit does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x, or 0.3 x where x ≤ 0: the default of Keras.
    #[default]
    LeakyRelu,
    /// x, or 0.
    Relu,
    /// tanh x.
    Tanh,
    /// x/(1 + e⁻ˣ): smooth, so that differences of gradients mean something at any distance.
    Silu,
}

/// The slope of [`Activation::LeakyRelu`] at and below 0.
pub const LEAK: f64 = 0.3;

/// `out ← φ(out + bias)`.
pub(super) struct Activate<'a, T> {
    pub(super) bias: &'a [T],
    /// None for the outputs.
    pub(super) activation: Option<Activation>,
    pub(super) out: &'a mut [T],
    /// Keeps `out + bias`, for [`Activation::Silu`]; else it is empty.
    pub(super) before: &'a mut [T],
}

impl<T: Real> Kernel for Activate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (zero, leak) = (T::default(), T::of(LEAK));
        for row in self.out.chunks_exact_mut(self.bias.len()) {
            for (value, bias) in row.iter_mut().zip(self.bias) {
                *value += *bias;
            }
        }
        match self.activation {
            None => {}
            Some(Activation::LeakyRelu) => {
                self.out.iter_mut().for_each(|a| *a = if *a > zero { *a } else { leak * *a });
            }
            Some(Activation::Relu) => {
                self.out.iter_mut().for_each(|a| *a = if *a > zero { *a } else { zero });
            }
            Some(Activation::Tanh) => self.out.iter_mut().for_each(|a| *a = a.tanh()),
            Some(Activation::Silu) => {
                self.before.copy_from_slice(self.out);
                self.out.iter_mut().for_each(|a| *a = *a * sigmoid(*a));
            }
        }
    }
}

/// `slope ← slope · φ′`.
pub(super) struct Mask<'a, T> {
    pub(super) activation: Activation,
    pub(super) after: &'a [T],
    pub(super) before: &'a [T],
    pub(super) slope: &'a mut [T],
}

impl<T: Real> Kernel for Mask<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (zero, one, leak) = (T::default(), T::of(1.0), T::of(LEAK));
        let pairs = self.slope.iter_mut().zip(self.after);
        match self.activation {
            Activation::LeakyRelu => {
                pairs.for_each(|(s, a)| *s = if *a > zero { *s } else { leak * *s });
            }
            Activation::Relu => pairs.for_each(|(s, a)| *s = if *a > zero { *s } else { zero }),
            Activation::Tanh => pairs.for_each(|(s, a)| *s = *s * (one - *a * *a)),
            Activation::Silu => {
                for ((s, a), x) in pairs.zip(self.before) {
                    let gate = sigmoid(*x);
                    *s = *s * (gate + *a * (one - gate));
                }
            }
        }
    }
}

#[inline(always)]
fn sigmoid<T: Real>(x: T) -> T {
    let one = T::of(1.0);
    one / (one + (-x).exp())
}
