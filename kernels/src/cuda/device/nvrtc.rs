//! CUDA's run-time compiler: found while the program runs, as the driver is.

use std::ffi::{CStr, CString};
use std::path::PathBuf;
use std::sync::OnceLock;

use cudarc::nvrtc::{result, sys};
use libloading::Library;

use super::{Source, cache};

/// Folders that may hold the compiler, separated by colons.
const LIBRARIES: &str = "HATCHERY_CUDA_LIBS";

/// `-fmad=false`: a fused multiply-add is where the source says so, as on the CPU.
const OPTIONS: [&str; 2] = ["--fmad=false", "--std=c++17"];

/// Whether the compiler can be used.
///
/// # Errors
/// One clause that says what is missing and where it is looked for.
pub(super) fn available() -> Result<(), String> {
    static FOUND: OnceLock<Result<(), String>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            preload();
            // SAFETY: opens libraries by the names that the compiler is known by, nothing else.
            if unsafe { sys::is_culib_present() } {
                return Ok(());
            }
            Err(format!(
                "CUDA's run-time compiler is missing (libnvrtc.so.13 not found): install the CUDA 13 toolkit or `pip install \
                 nvidia-cuda-nvrtc`, and name its folder in {LIBRARIES}"
            ))
        })
        .clone()
}

/// Loads the compiler by its full path where it is not on the loader's; a later search by name then finds it.
fn preload() {
    for folder in folders() {
        // The compiler asks for its builtins by name: they must be there first.
        for prefix in ["libnvrtc-builtins.so.13", "libnvrtc.so.13"] {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            let mut names: Vec<PathBuf> = entries
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .filter(|path| {
                    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix))
                })
                .collect();
            names.sort();
            if let Some(path) = names.first() {
                load_globally(path);
            }
        }
    }
}

#[cfg(unix)]
fn load_globally(path: &std::path::Path) {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // SAFETY: a library of the CUDA toolkit, which any CUDA program loads; its initialisers ask for nothing.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) };
    if let Ok(library) = library {
        std::mem::forget(library);
    }
}

#[cfg(not(unix))]
fn load_globally(path: &std::path::Path) {
    // SAFETY: as above.
    if let Ok(library) = unsafe { Library::new(path) } {
        std::mem::forget(library);
    }
}

/// What the user named, then where toolkits and Python packages lie.
fn folders() -> Vec<PathBuf> {
    let named = std::env::var_os(LIBRARIES).map(|value| std::env::split_paths(&value).collect());
    let mut folders: Vec<PathBuf> = named.unwrap_or_default();
    // SAFETY: as in `available`.
    if unsafe { Library::new("libnvrtc.so.13") }.is_ok() {
        return folders;
    }
    folders.push("/usr/local/cuda/lib64".into());
    folders.push("/usr/local/cuda/targets/x86_64-linux/lib".into());
    let roots = ["/usr/lib", "/usr/local/lib"].into_iter().map(PathBuf::from);
    // The Python that would be run, whether it is a virtual environment's or the system's.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let pythons = std::env::split_paths(&path).filter(|folder| folder.join("python3").exists());
    let of_pythons: Vec<PathBuf> = pythons.map(|folder| folder.join("../lib")).collect();
    for root in roots.chain(of_pythons) {
        let Ok(entries) = std::fs::read_dir(root) else { continue };
        for python in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            for packages in ["site-packages", "dist-packages"] {
                for part in ["cu13/lib", "cuda_nvrtc/lib"] {
                    let folder = python.join(packages).join("nvidia").join(part);
                    if folder.is_dir() {
                        folders.push(folder);
                    }
                }
            }
        }
    }
    folders
}

/// The code of a source for an architecture, from the cache or from the compiler.
///
/// # Errors
/// The compiler's messages.
pub(super) fn compile(source: &Source, architecture: &str) -> Result<Vec<u8>, String> {
    available()?;
    let text = source.assemble();
    let version = version()?;
    let options = OPTIONS.join(" ");
    let path = cache::path("cubin", &[&text, &options, architecture, &version]);
    if let Ok(cubin) = std::fs::read(&path)
        && !cubin.is_empty()
    {
        return Ok(cubin);
    }
    let (cubin, _) = compile_text(source.name, &text, architecture, &[])?;
    cache::store(&path, &cubin);
    Ok(cubin)
}

fn version() -> Result<String, String> {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: the function writes two numbers, which are live.
    unsafe { sys::nvrtcVersion(&mut major, &mut minor) }.result().map_err(|e| format!("{e:?}"))?;
    Ok(format!("{major}.{minor}"))
}

/// What the assembler says about a source: registers, spills and shared memory of each kernel. Needs no device.
///
/// # Errors
/// The compiler's messages.
#[cfg(feature = "emulate")]
pub(crate) fn resources(source: &Source, architecture: &str) -> Result<String, String> {
    available()?;
    let verbose = ["--ptxas-options=-v".to_owned()];
    Ok(compile_text(source.name, &source.assemble(), architecture, &verbose)?.1)
}

/// Compiles a whole text; returns code and messages.
fn compile_text(
    name: &str,
    text: &str,
    architecture: &str,
    more: &[String],
) -> Result<(Vec<u8>, String), String> {
    let fail = |e: result::NvrtcError| format!("{e:?}");
    let source = CString::new(text).map_err(|e| e.to_string())?;
    let file = CString::new(format!("{name}.cu")).map_err(|e| e.to_string())?;
    let program = result::create_program(&source, Some(&file)).map_err(fail)?;
    let mut options: Vec<String> = OPTIONS.iter().map(|&option| option.to_owned()).collect();
    options.push(format!("--gpu-architecture={architecture}"));
    options.extend_from_slice(more);
    // SAFETY: the program was just made, and is destroyed once, at the end.
    let compiled = unsafe { result::compile_program(program, &options) };
    // SAFETY: the program is alive.
    let log = unsafe { result::get_program_log(program) }.unwrap_or_default();
    // SAFETY: the compiler ends its log with a zero; an empty one has no bytes and is not read.
    let log = if log.is_empty() { c"" } else { unsafe { CStr::from_ptr(log.as_ptr()) } };
    let log = log.to_string_lossy().into_owned();
    let image = match compiled {
        Ok(()) => cubin(program).map(|cubin| (cubin, log)),
        Err(error) => Err(format!("{error:?}: {log}")),
    };
    // SAFETY: destroyed once.
    let _ = unsafe { result::destroy_program(program) };
    image
}

fn cubin(program: sys::nvrtcProgram) -> Result<Vec<u8>, String> {
    let fail = |e: result::NvrtcError| format!("{e:?}");
    let mut size = 0;
    // SAFETY: the program is alive and compiled; the function writes one number.
    unsafe { sys::nvrtcGetCUBINSize(program, &mut size) }.result().map_err(fail)?;
    let mut image = vec![0_u8; size];
    // SAFETY: the buffer is as long as the compiler said.
    unsafe { sys::nvrtcGetCUBIN(program, image.as_mut_ptr().cast()) }.result().map_err(fail)?;
    Ok(image)
}
