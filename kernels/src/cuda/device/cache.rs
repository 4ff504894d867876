//! Compiled code, kept in the user's cache folder from one run to the next.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// `$XDG_CACHE_HOME/hatchery`, or `~/.cache/hatchery`, or among the temporary files if that cannot be made.
fn folder() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|folder| folder.join("hatchery"))
        .filter(|folder| std::fs::create_dir_all(folder).is_ok() && is_writable(folder))
        .unwrap_or_else(|| std::env::temp_dir().join("hatchery"))
}

fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!("probe{}", std::process::id()));
    let written = std::fs::write(&probe, b"").is_ok();
    let _ = std::fs::remove_file(probe);
    written
}

/// The path of what `inputs` compile to; another input, another path.
pub(super) fn path(kind: &str, inputs: &[&str]) -> PathBuf {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, inputs).hash(&mut hasher);
        hasher.finish()
    };
    folder().join(format!("{:016x}{:016x}.{kind}", half(0), half(1)))
}

/// Keeps `bytes` under `path`; a cache that cannot be written is no error.
pub(super) fn store(path: &Path, bytes: &[u8]) {
    let Some(folder) = path.parent() else { return };
    let aside = path.with_extension(format!("tmp{}", std::process::id()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&aside, bytes));
    // The emulator keeps programs too.
    #[cfg(all(unix, feature = "emulate"))]
    let written = written.and_then(|()| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&aside, std::fs::Permissions::from_mode(0o755))
    });
    if written.and_then(|()| std::fs::rename(&aside, path)).is_err() {
        let _ = std::fs::remove_file(&aside);
    }
}
