//! One launch of the emulator as a process under a sanitizer of g++: data races between the threads of a block, and accesses beyond
//! an array.
//!
//! `HATCHERY_EMULATED_SANITIZER=thread` or `address` before any test of kernels. Each CUDA thread is a thread of the system then and
//! each launch writes its arrays to files and reads them back: thousands of times slower, for a few small cases.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Argument, Shape};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sanitizer {
    /// Data races.
    Thread,
    /// Accesses beyond arrays, and undefined arithmetic.
    Address,
}

/// Ends the source of a program.
pub(super) const MAIN: &str =
    "\nint main(int words, char **word_of) { return emu::serve(words, word_of); }\n";

impl Sanitizer {
    /// What `HATCHERY_EMULATED_SANITIZER` says.
    ///
    /// # Panics
    /// If it is no sanitizer: a check that was asked for must not be left out.
    pub(super) fn from_environment() -> Option<Self> {
        let said = std::env::var("HATCHERY_EMULATED_SANITIZER").ok()?;
        match said.as_str() {
            "" => None,
            "thread" => Some(Self::Thread),
            "address" => Some(Self::Address),
            _ => panic!("HATCHERY_EMULATED_SANITIZER is `{said}`, not thread or address"),
        }
    }

    /// Flags of a program with it.
    pub(super) const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Thread => &["-O1", "-g", "-DHATCHERY_THREADS", "-pthread", "-fsanitize=thread"],
            Self::Address => &[
                "-O1",
                "-g",
                "-DHATCHERY_THREADS",
                "-pthread",
                "-fsanitize=address,undefined",
                "-fno-sanitize-recover=all",
            ],
        }
    }
}

/// An array that a launch can reach.
#[derive(Debug)]
pub(super) struct Array<'a> {
    /// Where it is in this process, as the arguments say.
    pub(super) address: u64,
    /// What is in it, and will be.
    pub(super) bytes: &'a mut [u8],
}

/// Does a launch; what the sanitizer has to say is the error.
pub(super) fn run(
    program: &Path,
    kernel: &str,
    shape: Shape,
    arguments: &[Argument],
    arrays: &mut [Array<'_>],
) -> Result<(), String> {
    static LAUNCHES: AtomicUsize = AtomicUsize::new(0);
    let number = LAUNCHES.fetch_add(1, Ordering::Relaxed);
    let name = format!("hatchery-launch-{}-{number}", std::process::id());
    let [input, output] =
        ["in", "out"].map(|end| std::env::temp_dir().join(format!("{name}.{end}")));
    let fail = |e: std::io::Error| format!("{}: {e}", program.display());
    std::fs::write(&input, request(shape, arguments, arrays)).map_err(fail)?;
    let mut command = Command::new(program);
    command.arg(kernel).arg(&input).arg(&output).env("TSAN_OPTIONS", "halt_on_error=1");
    let done = command.output().map_err(fail);
    let _ = std::fs::remove_file(&input);
    let done = done?;
    if !done.status.success() {
        let _ = std::fs::remove_file(&output);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(format!("{kernel} under a sanitizer: {}\n{said}", done.status));
    }
    let mut answer = std::fs::File::open(&output).map_err(fail)?;
    let read = arrays.iter_mut().try_for_each(|array| answer.read_exact(array.bytes));
    let _ = std::fs::remove_file(&output);
    read.map_err(fail)
}

/// The launch as `threads.hpp` reads it.
fn request(shape: Shape, arguments: &[Argument], arrays: &[Array<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let word = |bytes: &mut Vec<u8>, value: u64| {
        bytes.write_all(&value.to_le_bytes()).expect("a vector takes what it is given");
    };
    for size in shape.grid.iter().chain(&shape.block).chain([&shape.shared_bytes]) {
        word(&mut bytes, u64::from(*size));
    }
    word(&mut bytes, arrays.len() as u64);
    for array in arrays {
        word(&mut bytes, array.address);
        word(&mut bytes, array.bytes.len() as u64);
        bytes.extend_from_slice(array.bytes);
    }
    word(&mut bytes, arguments.len() as u64);
    for argument in arguments {
        let (pointer, value) = match *argument {
            Argument::U32(value) => (0, u64::from(value)),
            Argument::U64(value) => (0, value),
            Argument::F32(value) => (0, u64::from(value.to_bits())),
            Argument::F64(value) => (0, value.to_bits()),
            Argument::Memory(address) => (1, address),
            Argument::Tiles(_) => unreachable!("a device under a sanitizer has no maps"),
        };
        word(&mut bytes, pointer);
        word(&mut bytes, value);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::emulated::Emulated;
    use super::super::{Driver, Source};
    use super::*;

    const TURN: &str = r#"
extern "C" __global__ void turn(const u32 *from, u32 *to, u32 count) {
  __shared__ u32 held[64];
  held[threadIdx.x] = from[threadIdx.x];
  __syncthreads();
  if (threadIdx.x < count) to[threadIdx.x] = held[63 - threadIdx.x];
}
"#;

    fn turn(sanitizer: Sanitizer, text: &'static str, count: u32) -> Result<Vec<u8>, String> {
        let driver = Emulated::with(0, Some(sanitizer));
        let module = driver.load(&Source::new("turn", text)).expect("compiled");
        let [from, to] = [64 * 4, 60 * 4].map(|bytes| driver.allocate(bytes).expect("memory"));
        driver.write(from, &(0..=255).collect::<Vec<u8>>()).expect("written");
        let arguments = [Argument::Memory(from), Argument::Memory(to), Argument::U32(count)];
        let shape = Shape { grid: [2, 1, 1], block: [64, 1, 1], shared_bytes: 0 };
        // SAFETY: the arguments are those of the kernel; a thread beyond `to` is in a process of its own.
        let done = unsafe { driver.launch(&*module, "turn", shape, &arguments) };
        let mut found = vec![0; 60 * 4];
        driver.read(to, &mut found).expect("read");
        driver.free(from);
        driver.free(to);
        done.map(|()| found)
    }

    #[test]
    #[ignore = "compiles with a sanitizer; scripts/sanitize-kernels.sh runs it"]
    fn a_correct_kernel_passes_both_sanitizers() {
        for sanitizer in [Sanitizer::Thread, Sanitizer::Address] {
            let found = turn(sanitizer, TURN, 60).expect("nothing to complain of");
            assert_eq!(found[..4], [252, 253, 254, 255]);
        }
    }

    #[test]
    #[ignore = "compiles with a sanitizer; scripts/sanitize-kernels.sh runs it"]
    fn a_missing_barrier_and_a_thread_too_many_are_found() {
        let leaked: &'static str = TURN.replace("__syncthreads();", "").leak();
        let error = turn(Sanitizer::Thread, leaked, 60).expect_err("a race");
        assert!(error.contains("data race"), "{error}");
        let error = turn(Sanitizer::Address, TURN, 61).expect_err("beyond the array");
        assert!(error.contains("heap-buffer-overflow"), "{error}");
    }
}
