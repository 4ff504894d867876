//! The verdicts, and the probe against libraries that are not the driver.

use super::*;

#[test]
fn each_answer_of_the_driver_has_its_verdict() {
    let ready = CudaStatus::Ready { devices: 2, driver: 13_010 };
    assert_eq!(status_of(Ok(13_010), Ok(2)), ready);
    assert_eq!(status_of(Ok(13_010), Ok(0)), CudaStatus::NoDevice);
    assert_eq!(status_of(Ok(13_010), Err(100)), CudaStatus::NoDevice);
    assert_eq!(status_of(Ok(12_080), Ok(1)), CudaStatus::DriverTooOld(12_080));
    assert_eq!(status_of(Ok(13_000), Err(999)), CudaStatus::InitFailed(999));
    assert_eq!(status_of(Err(3), Ok(1)), CudaStatus::InitFailed(3));
}

#[test]
fn each_verdict_is_one_clause() {
    let text = |status: CudaStatus| status.to_string();
    assert!(text(CudaStatus::NoDriver).starts_with("no CUDA driver is installed"));
    assert_eq!(text(CudaStatus::SymbolsMissing), "the CUDA driver library lacks basic functions");
    assert_eq!(text(CudaStatus::NoDevice), "the CUDA driver sees no device");
    assert_eq!(text(CudaStatus::InitFailed(999)), "the CUDA driver failed with error 999");
    assert_eq!(
        text(CudaStatus::DriverTooOld(12_080)),
        "the CUDA driver is for version 12.8, at least 13.0 is needed"
    );
    assert_eq!(
        text(CudaStatus::Ready { devices: 1, driver: 13_000 }),
        "1 CUDA device, driver for version 13.0"
    );
}

#[test]
fn the_probe_never_panics_and_answers_alike_each_time() {
    assert_eq!(probe(), probe());
}

#[test]
fn an_absent_library_is_no_driver() {
    let names = ["libhatchery-no-such-driver.so.1", "/nowhere/libhatchery.so"];
    assert_eq!(probe_library(&names), CudaStatus::NoDriver);
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_without_the_symbols_is_reported() {
    // The C library is always there, and is no CUDA driver.
    assert_eq!(probe_library(&["libc.so.6"]), CudaStatus::SymbolsMissing);
}

/// A stand-in for the driver, compiled by the C compiler that linked this test.
#[cfg(target_os = "linux")]
fn probe_fake(init: i32, version: i32, count: i32) -> Option<CudaStatus> {
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("fake.c"), folder.path().join("libfake.so"));
    let code = format!(
        "int cuInit(unsigned f) {{ return f ? 1 : {init}; }}\n\
         int cuDriverGetVersion(int *v) {{ *v = {version}; return 0; }}\n\
         int cuDeviceGetCount(int *n) {{ *n = {count}; return 0; }}\n"
    );
    std::fs::write(&source, code).unwrap();
    let mut compiler = std::process::Command::new("cc");
    let compiler = compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
    match compiler.status() {
        Ok(status) if status.success() => Some(probe_library(&[library.to_str().unwrap()])),
        other => {
            eprintln!("skipped: no C compiler ({other:?})");
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_stand_in_for_the_driver_is_believed() {
    let ready = CudaStatus::Ready { devices: 3, driver: 13_000 };
    assert!(probe_fake(0, 13_000, 3).is_none_or(|status| status == ready));
    let status = probe_fake(100, 13_000, 0);
    assert!(status.is_none_or(|status| status == CudaStatus::NoDevice));
    let status = probe_fake(0, 12_040, 1);
    assert!(status.is_none_or(|status| status == CudaStatus::DriverTooOld(12_040)));
    let status = probe_fake(999, 13_000, 1);
    assert!(status.is_none_or(|status| status == CudaStatus::InitFailed(999)));
}
