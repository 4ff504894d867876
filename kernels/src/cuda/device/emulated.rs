//! The processor in place of a device: the same sources, built by a C++ compiler with a header in front.
//!
//! For tests and for work on kernels where there is no GPU. Memory lies between guard bytes that are looked at when it is
//! given back. With `HATCHERY_EMULATED_SANITIZER` each launch is a program of its own: see [`sanitized`].

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libloading::Library;

use super::sanitized::{self, Sanitizer};
use super::{
    Argument, Driver, Module, Recording, Shape, Source, TILE_COLUMNS, TileMap, Tiles, cache,
};

/// The headers in front of a source, of which the first includes one of the others.
const HEADERS: [(&str, &str); 3] = [
    ("shim.hpp", include_str!("../emulator/shim.hpp")),
    ("fibers.hpp", include_str!("../emulator/fibers.hpp")),
    ("threads.hpp", include_str!("../emulator/threads.hpp")),
];
/// `-ffp-contract=off`: a fused multiply-add is where the source says so. `native`: so that it is one instruction.
const FLAGS: [&str; 5] =
    ["-std=c++17", "-march=native", "-ffp-contract=off", "-fno-strict-aliasing", "-w"];
/// For a library that this process loads. A kernel may have the name of a function of some library.
const LIBRARY_FLAGS: [&str; 4] = ["-O2", "-fPIC", "-shared", "-Wl,-Bsymbolic"];
/// Bytes of the guard before and behind each array.
const GUARD: usize = 64;
const GUARD_BYTE: u8 = 0xA5;

/// One stand-in; what it has in memory is its own.
#[derive(Debug)]
pub(super) struct Emulated {
    ordinal: usize,
    sanitizer: Option<Sanitizer>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    arrays: HashMap<u64, Array>,
    recording: Option<Vec<Recorded>>,
}

/// An array, by the address of its first byte, guards excluded.
#[derive(Debug)]
struct Array {
    words: Vec<u128>,
    /// As many as were asked for.
    bytes: usize,
}

/// A launch with its arguments.
#[derive(Clone, Debug)]
struct Recorded {
    module: Code,
    kernel: String,
    shape: Shape,
    arguments: Vec<Argument>,
}

/// What a source was compiled to.
#[derive(Clone, Debug)]
enum Code {
    /// A library of this process.
    Library(Arc<Library>),
    /// A program with a sanitizer, and the arrays it can be given.
    Program(PathBuf, Arc<Mutex<State>>),
}

#[derive(Debug)]
struct Compiled(Code);

impl Module for Compiled {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Emulated {
    pub(super) fn new(ordinal: usize) -> Self {
        Self::with(ordinal, Sanitizer::from_environment())
    }

    /// Every launch under this sanitizer, if there is one.
    pub(super) fn with(ordinal: usize, sanitizer: Option<Sanitizer>) -> Self {
        Self { ordinal, sanitizer, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Driver for Emulated {
    fn name(&self) -> String {
        format!("emulated device {}", self.ordinal)
    }

    /// As much as `HATCHERY_EMULATED_BYTES` says, or 1 GiB.
    fn memory(&self) -> Result<(usize, usize), String> {
        let said = std::env::var("HATCHERY_EMULATED_BYTES").ok().and_then(|v| v.parse().ok());
        let total: usize = said.unwrap_or(1 << 30);
        let used: usize = self.state().arrays.values().map(|array| array.words.len() * 16).sum();
        Ok((total.saturating_sub(used), total))
    }

    fn multiprocessors(&self) -> usize {
        4
    }

    fn shared_bytes_max(&self) -> usize {
        99 << 10
    }

    /// Blocks come one after the other. A launch in a process of its own has no maps: they know addresses.
    fn cluster_blocks(&self) -> Option<usize> {
        self.sanitizer.is_none().then_some(1)
    }

    /// In the emulator's own form: see `hopper.cuh`.
    fn tile_map(&self, of: Tiles) -> Result<Option<TileMap>, String> {
        let Tiles { address, rows, columns, stride, tile_rows } = of;
        let mut words = [0; 16];
        let known = [
            address,
            columns as u64,
            rows as u64,
            2 * stride as u64,
            u64::from(TILE_COLUMNS),
            u64::from(tile_rows),
        ];
        words[..known.len()].copy_from_slice(&known);
        Ok(Some(TileMap(words)))
    }

    fn allocate(&self, bytes: usize) -> Result<u64, String> {
        let (free, _) = self.memory()?;
        if free < bytes {
            return Err("out of memory".into());
        }
        let mut words = vec![0_u128; (bytes + 2 * GUARD).div_ceil(16)];
        // Fresh memory is no zeros on a device either.
        let pattern = u128::from_le_bytes([GUARD_BYTE; 16]);
        words.fill(pattern);
        let address = words.as_mut_ptr() as u64 + GUARD as u64;
        // The end of the array is not a whole number of words away: what is left over counts as guard.
        self.state().arrays.insert(address, Array { words, bytes });
        Ok(address)
    }

    fn free(&self, address: u64) {
        let Some(Array { words, .. }) = self.state().arrays.remove(&address) else { return };
        let guard = GUARD / 16;
        let pattern = u128::from_le_bytes([GUARD_BYTE; 16]);
        let intact =
            words[..guard].iter().chain(&words[words.len() - guard..]).all(|&w| w == pattern);
        assert!(intact || std::thread::panicking(), "a kernel wrote beyond an array");
    }

    fn write(&self, to: u64, from: &[u8]) -> Result<(), String> {
        // SAFETY: callers hold the array, which is as long as what they write (`Memory` checks).
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to as *mut u8, from.len()) };
        Ok(())
    }

    fn read(&self, from: u64, to: &mut [u8]) -> Result<(), String> {
        // SAFETY: as in `write`.
        unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to.as_mut_ptr(), to.len()) };
        Ok(())
    }

    fn fill(&self, to: u64, value: u8, bytes: usize) -> Result<(), String> {
        // SAFETY: as in `write`.
        unsafe { std::ptr::write_bytes(to as *mut u8, value, bytes) };
        Ok(())
    }

    fn load(&self, source: &Source) -> Result<Arc<dyn Module>, String> {
        let mut text = source.assemble();
        for kernel in source.kernels() {
            text.push_str(&format!("\nEMULATED_KERNEL({kernel})\n"));
        }
        let flags = match &self.sanitizer {
            None => LIBRARY_FLAGS.as_slice(),
            Some(sanitizer) => {
                text.push_str(sanitized::MAIN);
                sanitizer.flags()
            }
        };
        let mut key: Vec<&str> = HEADERS.iter().map(|(_, text)| *text).collect();
        let all_flags = [&FLAGS, flags].concat();
        let joined = all_flags.join(" ");
        key.extend([text.as_str(), &joined]);
        let path = cache::path("so", &key);
        if !path.exists() {
            compile(source.name, &text, &path, &all_flags)?;
        }
        if self.sanitizer.is_some() {
            return Ok(Arc::new(Compiled(Code::Program(path, self.state.clone()))));
        }
        // SAFETY: the library is what our own sources compile to; it has no initialisers but those of empty vectors.
        let library = unsafe { Library::new(&path) }.map_err(|e| e.to_string())?;
        Ok(Arc::new(Compiled(Code::Library(Arc::new(library)))))
    }

    unsafe fn launch(
        &self,
        module: &dyn Module,
        kernel: &str,
        shape: Shape,
        arguments: &[Argument],
    ) -> Result<(), String> {
        let Some(Compiled(module)) = module.as_any().downcast_ref() else {
            return Err("a module of another device".into());
        };
        let launch = Recorded {
            module: module.clone(),
            kernel: kernel.to_owned(),
            shape,
            arguments: arguments.to_vec(),
        };
        if let Some(recording) = &mut self.state().recording {
            recording.push(launch);
            return Ok(());
        }
        // SAFETY: passed on.
        unsafe { launch.run() }
    }

    fn synchronize(&self) -> Result<(), String> {
        Ok(())
    }

    fn begin_recording(&self) -> Result<(), String> {
        self.state().recording = Some(Vec::new());
        Ok(())
    }

    fn end_recording(&self) -> Result<Box<dyn Recording>, String> {
        let launches = self.state().recording.take().ok_or("nothing was being recorded")?;
        Ok(Box::new(Replay(launches)))
    }
}

#[derive(Debug)]
struct Replay(Vec<Recorded>);

impl Recording for Replay {
    fn replay(&self) -> Result<(), String> {
        // SAFETY: who recorded a launch vouched for it, and keeps its memory while there is the recording.
        self.0.iter().try_for_each(|launch| unsafe { launch.run() })
    }
}

type Launch = unsafe extern "C" fn(*const u32, *const u32, u32, *mut *mut c_void);

impl Recorded {
    /// # Safety
    /// As [`Driver::launch`].
    unsafe fn run(&self) -> Result<(), String> {
        let module = match &self.module {
            Code::Library(module) => module,
            Code::Program(program, state) => return self.run_apart(program, state),
        };
        // A block's shared memory is static in the library: one launch at a time, whichever device it is for.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("emulated_{}", self.kernel);
        // SAFETY: the header defines functions of this name with this signature.
        let function = unsafe { module.get::<Launch>(name.as_bytes()) };
        let function = function.map_err(|_| format!("there is no kernel {}", self.kernel))?;
        let mut pointers: Vec<_> = self.arguments.iter().map(Argument::pointer).collect();
        let Shape { grid, block, shared_bytes } = self.shape;
        // SAFETY: the caller vouches for the arguments.
        unsafe { function(grid.as_ptr(), block.as_ptr(), shared_bytes, pointers.as_mut_ptr()) };
        Ok(())
    }

    /// In a process of its own, with copies of the arrays that the arguments point to.
    fn run_apart(&self, program: &Path, state: &Mutex<State>) -> Result<(), String> {
        let mut state = locked(state);
        let mut arrays: Vec<sanitized::Array<'_>> = Vec::new();
        for (&address, array) in &mut state.arrays {
            let end = address + array.bytes as u64;
            let reached = |argument: &Argument| matches!(argument, Argument::Memory(to) if (address..end).contains(to));
            if self.arguments.iter().any(reached) {
                let first = address as *mut u8;
                // SAFETY: the array is `bytes` long behind its guard, and the lock keeps it here and to us.
                let bytes = unsafe { std::slice::from_raw_parts_mut(first, array.bytes) };
                arrays.push(sanitized::Array { address, bytes });
            }
        }
        sanitized::run(program, &self.kernel, self.shape, &self.arguments, &mut arrays)
    }
}

fn compile(name: &str, text: &str, path: &Path, flags: &[&str]) -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!(
        "hatchery-emulated-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let fail = |e: std::io::Error| format!("{}: {e}", folder.display());
    std::fs::create_dir_all(&folder).map_err(fail)?;
    let (source, out) = (folder.join(format!("{name}.cpp")), folder.join("out.so"));
    for (header, text) in HEADERS {
        std::fs::write(folder.join(header), text).map_err(fail)?;
    }
    std::fs::write(&source, text).map_err(fail)?;
    let output = Command::new("g++")
        .args(flags)
        .arg("-include")
        .args([&folder.join(HEADERS[0].0), &source])
        .arg("-o")
        .arg(&out)
        .output()
        .map_err(|e| format!("g++ cannot be run: {e}"))?;
    let result = if output.status.success() {
        std::fs::read(&out).map_err(fail).map(|bytes| cache::store(path, &bytes))
    } else {
        Err(format!("g++: {}", String::from_utf8_lossy(&output.stderr)))
    };
    let _ = std::fs::remove_dir_all(&folder);
    result
}
