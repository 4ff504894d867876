//! What is asked of the operating system: process groups, and waiting for several pipes at once.

/// Which pipes of a program can be used now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ready {
    pub(super) output: bool,
    pub(super) errors: bool,
}

#[cfg(unix)]
pub(super) use unix::{adopt, isolate, kill_group, wait};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::{ChildStderr, ChildStdin, ChildStdout, Command};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::process::{Pid, Signal, kill_process_group};

    use super::Ready;

    /// Makes the program the head of a process group of its own.
    pub(in super::super) fn isolate(command: &mut Command) {
        command.process_group(0);
    }

    /// Makes writing to the program never wait.
    pub(in super::super) fn adopt(stdin: &ChildStdin) -> io::Result<()> {
        let flags = fcntl_getfl(stdin)?;
        Ok(fcntl_setfl(stdin, flags | OFlags::NONBLOCK)?)
    }

    /// Waits until a pipe can be used or the time is over.
    pub(in super::super) fn wait(
        stdin: Option<&ChildStdin>,
        stdout: &ChildStdout,
        stderr: Option<&ChildStderr>,
        timeout: Duration,
    ) -> io::Result<Ready> {
        let mut fds = vec![PollFd::new(stdout, PollFlags::IN)];
        fds.extend(stderr.map(|stderr| PollFd::new(stderr, PollFlags::IN)));
        fds.extend(stdin.map(|stdin| PollFd::new(stdin, PollFlags::OUT)));
        let limit = Timespec {
            tv_sec: timeout.as_secs().min(86_400) as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()) as _,
        };
        match poll(&mut fds, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let output = ready.next().unwrap_or(false);
        let errors = stderr.is_some() && ready.next().unwrap_or(false);
        Ok(Ready { output, errors })
    }

    /// Kills the program and everything that it started and that has not left its group.
    pub(in super::super) fn kill_group(group: u32) {
        if let Some(group) = Pid::from_raw(group as i32) {
            // It may be gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::{adopt, isolate, kill_group, wait};

#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::process::{ChildStderr, ChildStdin, ChildStdout, Command};
    use std::time::Duration;

    use super::Ready;

    fn unsupported() -> io::Error {
        io::Error::new(io::ErrorKind::Unsupported, "child processes need a Unix system")
    }

    pub(in super::super) fn isolate(_: &mut Command) {}

    pub(in super::super) fn adopt(_: &ChildStdin) -> io::Result<()> {
        Err(unsupported())
    }

    pub(in super::super) fn wait(
        _: Option<&ChildStdin>,
        _: &ChildStdout,
        _: Option<&ChildStderr>,
        _: Duration,
    ) -> io::Result<Ready> {
        Err(unsupported())
    }

    pub(in super::super) fn kill_group(_: u32) {}
}
