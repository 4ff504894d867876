//! One body of code, compiled once per instruction set, chosen while running.
//!
//! A [`Kernel`] is ordinary scalar Rust over lanes. [`dispatch`] runs it inside a function that
//! may use the widest vectors of this machine, so that the compiler vectorises the same loop for
//! each [`Level`]. Two rules make every level return the same bits:
//!
//! - Where a product and a sum shall be rounded once, say `mul_add`; the compiler never fuses by
//!   itself. Without hardware support that is a slow but exact library call.
//! - Sums keep their order: lanes are independent and no loop is reassociated.
//!
//! And one rule makes it fast: `run`, and all that it calls in its inner loops, must be
//! `#[inline(always)]`. What is not inlined is compiled for the baseline only.
//!
//! ```
//! use hatchery_kernels::simd::{Kernel, dispatch};
//!
//! struct Axpy<'a>(f32, &'a [f32], &'a mut [f32]);
//! impl Kernel for Axpy<'_> {
//!     type Output = ();
//!     #[inline(always)]
//!     fn run(self) {
//!         for (x, y) in self.1.iter().zip(self.2) {
//!             *y = self.0.mul_add(*x, *y);
//!         }
//!     }
//! }
//! let mut y = [1.0, 2.0];
//! dispatch(Axpy(2.0, &[10.0, 20.0], &mut y));
//! assert_eq!(y, [21.0, 42.0]);
//! ```
//!
//! The environment variable `HATCHERY_SIMD` (`portable`, `avx2`, `avx512`), read once, lowers the
//! level for tests and benches. It cannot raise it, and other values are ignored.

mod vector;

use std::fmt;
use std::sync::OnceLock;

#[cfg(test)]
pub(crate) use vector::dispatch_vector_at;
pub(crate) use vector::{LANES, Vector, VectorKernel, bf16_of, dispatch_vector};

/// Work that can be compiled for several instruction sets.
pub trait Kernel {
    /// What the work returns.
    type Output;

    /// Does the work; called exactly once per [`dispatch`]. Mark it `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// A set of vector instructions that a kernel can be run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// The baseline of the target, without fused multiply-add in hardware on x86-64.
    Portable,
    /// x86-64 with AVX2 and FMA: 8 lanes of `f32`.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ and VL: 16 lanes of `f32`.
    Avx512,
    /// AArch64, where NEON with fused multiply-add is the baseline: 4 lanes of `f32`.
    Neon,
}

impl Level {
    /// Every level, lowest first; most machines support only some of them.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// Whether this machine can run kernels at this level.
    pub fn is_supported(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_supported()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// The name that `HATCHERY_SIMD` and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// The widest supported level that is no wider than `limit`, if that is a level's name.
    fn choose(limit: Option<&str>) -> Self {
        let limit = limit.and_then(|name| Self::ALL.iter().position(|l| l.name() == name));
        let widest = limit.unwrap_or(Self::ALL.len() - 1);
        let supported = Self::ALL[..=widest].iter().rev().find(|level| level.is_supported());
        supported.copied().unwrap_or(Self::Portable)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The level at which [`dispatch`] runs kernels in this process; found once, then remembered.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| Level::choose(std::env::var("HATCHERY_SIMD").ok().as_deref()))
}

/// Runs `kernel` with the widest vectors of this machine. The bits of the result do not depend on
/// which these are.
///
/// The call costs a few nanoseconds: dispatch once per block of work, not once per element.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    run_at(level(), kernel)
}

/// Runs `kernel` at a stated level, so that tests can compare levels.
///
/// # Panics
/// If this machine does not support `level`.
#[doc(hidden)]
pub fn dispatch_at<K: Kernel>(level: Level, kernel: K) -> K::Output {
    assert!(level.is_supported(), "this machine cannot run kernels at level {level}");
    run_at(level, kernel)
}

/// Private: `level` must have passed [`Level::is_supported`], as both callers see to.
#[inline]
fn run_at<K: Kernel>(level: Level, kernel: K) -> K::Output {
    debug_assert!(level.is_supported());
    match level {
        // SAFETY: `level` comes from `Level::choose` or an assertion in `dispatch_at`; both call
        // `is_supported`, which asks the processor for each feature that `run_avx512` enables.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { run_avx512(kernel) },
        // SAFETY: as above, for the two features of `run_avx2`.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { run_avx2(kernel) },
        _ => kernel.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fused(f32, f32, f32);
    impl Kernel for Fused {
        type Output = (f32, f32);
        #[inline(always)]
        fn run(self) -> (f32, f32) {
            (self.0.mul_add(self.1, self.2), self.0 * self.1 + self.2)
        }
    }

    #[test]
    fn fused_and_plain_products_differ_alike_at_every_level() {
        // (1 + 2^-12)^2 needs 25 bits: rounding the product first loses the last one.
        let x = 1.0 + 2f32.powi(-12);
        for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
            let (fused, plain) = dispatch_at(level, Fused(x, x, -1.0 - 2f32.powi(-11)));
            assert_eq!((fused, plain), (2f32.powi(-24), 0.0), "{level}");
        }
    }

    #[test]
    fn a_limit_lowers_the_level_and_never_raises_it() {
        assert_eq!(Level::choose(Some("portable")), Level::Portable);
        assert_eq!(Level::choose(Some("no such level")), Level::choose(None));
        assert!(Level::choose(Some("avx512")).is_supported());
        assert_ne!(Level::choose(Some("avx2")), Level::Avx512);
    }

    #[test]
    fn the_level_of_this_process_is_supported() {
        assert!(level().is_supported());
        assert_eq!(format!("{:>9}", Level::Avx2), "     avx2");
    }
}
