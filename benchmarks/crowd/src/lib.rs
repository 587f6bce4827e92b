//! What both load generators use: commands, sockets, epoll, WebSocket frames.

pub mod commands;
pub mod frames;
pub mod poll;
pub mod socket;

/// Processor time of this process so far.
pub fn cpu_s() -> f64 {
    // SAFETY: getrusage fills the struct it is given; all zeros is a valid value of it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

