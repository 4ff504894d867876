//! Arithmetic on arrays, noise by address, and the population kernels: the lowest storey.
//!
//! Training by evolution needs two things that ordinary libraries do not have. Noise must be a
//! pure function of its address, so that no perturbation is ever stored. And a layer must be
//! applied to hundreds of members at once, each with its own perturbation, at little more than the
//! cost of one. Both live here, below everything that knows what a generation is.
//!
//! | module      | what                                                                       |
//! |-------------|----------------------------------------------------------------------------|
//! | [`noise`]   | addresses to random words, normal and uniform deviates; start reading here |
//! | [`math`]    | elementary functions that vectorise and have the same bits everywhere      |
//! | [`simd`]    | one body of code run with the widest vectors of this machine               |
//! | [`cpu`]     | population operations: layers, vectors, embeddings, gradients              |
//! | [`backend`] | the closed set of devices that run these operations                        |
//! | [`cuda`]    | devices, their memory, kernels compiled at run time                        |
//! | [`int8`]    | arithmetic of the integer language model                                   |
//! | [`error`]   | what a kernel can refuse                                                   |
//!
//! ```
//! use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};
//!
//! // The noise of pair 5 in generation 3, first layer: drawn twice, the same bits.
//! let stream = NoiseStream::new(7).domain(Domain::Perturb);
//! let at = NoiseAddress { generation: 3, pair: 5, layer: 0, block: 0 };
//! let (mut forward, mut update) = ([0.0; 10], [0.0; 10]);
//! stream.fill_normals(at, &mut forward);
//! stream.fill_normals(at, &mut update);
//! assert_eq!(forward, update);
//! ```
//!
//! **Invariant:** on one backend, no result depends on the number of threads or on how many members are
//! worked on at once. Noise, elementary functions and our own loops have the same bits on every instruction
//! set; the product of inputs that all members share is a library's and promises that on one machine only.

pub mod backend;
pub mod cpu;
pub mod cuda;
pub mod error;
pub mod int8;
pub mod math;
pub mod noise;
pub mod simd;
#[doc(hidden)]
pub mod testing;

pub use backend::{Backend, Cpu};
pub use cpu::{
    EmbeddingCall, GradientCall, Input, Lanes, LayerNoise, Packed, PackedCache, Perturbation,
    PerturbedLinear, Precision, TensorNoise, TransposedLinear, VectorCall,
};
pub use cuda::CudaStatus;
pub use error::KernelError;
pub use noise::{Dice, Distribution, Domain, NoiseAddress, NoiseStream};
