//! epoll, with waits in µs (a timer descriptor: epoll's own timeouts are whole milliseconds), and standard input beside the
//! sockets, so that pings are answered while no command is being carried out.

use std::io;
use std::os::fd::RawFd;

const COMMANDS: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;
/// Few at a time: the caller looks at its schedule in between.
const EVENTS: usize = 32;

pub struct Poll {
    epoll: RawFd,
    timer: RawFd,
}

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

impl Poll {
    pub fn new() -> io::Result<Poll> {
        // SAFETY: no pointers; both descriptors live as long as the process.
        let (epoll, timer) = unsafe {
            (
                checked(libc::epoll_create1(libc::EPOLL_CLOEXEC))?,
                checked(libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC))?,
            )
        };
        let poll = Poll { epoll, timer };
        // Edge-triggered: an expired timer needs no read before it is set again.
        poll.control(libc::EPOLL_CTL_ADD, timer, libc::EPOLLIN | libc::EPOLLET, TIMER)?;
        poll.control(libc::EPOLL_CTL_ADD, libc::STDIN_FILENO, libc::EPOLLIN, COMMANDS)?;
        Ok(poll)
    }

    /// Told when there is something to read, and, while it is connecting or has something unsent, when it can write.
    pub fn add(&self, fd: RawFd, who: usize) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN | libc::EPOLLOUT, who as u64)
    }

    pub fn watch(&self, fd: RawFd, who: usize, writing: bool) -> io::Result<()> {
        let events = if writing { libc::EPOLLIN | libc::EPOLLOUT } else { libc::EPOLLIN };
        self.control(libc::EPOLL_CTL_MOD, fd, events, who as u64)
    }

    pub fn remove(&self, fd: RawFd) {
        let _ = self.control(libc::EPOLL_CTL_DEL, fd, 0, 0);
    }

    fn control(&self, operation: libc::c_int, fd: RawFd, events: libc::c_int, who: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: who };
        // SAFETY: `event` outlives the call.
        checked(unsafe { libc::epoll_ctl(self.epoll, operation, fd, &mut event) }).map(drop)
    }

    /// (who, may write) of those with something to do; `None` for a command.
    pub fn wait(&self, at_most_us: Option<u64>) -> io::Result<impl Iterator<Item = (Option<usize>, bool)>> {
        let timeout_ms = match at_most_us {
            Some(0) => 0,
            Some(us) => {
                self.set(us)?;
                -1
            }
            None => -1,
        };
        // SAFETY: all zeros is a valid epoll_event; the kernel writes at most EVENTS of them.
        let (events, count) = unsafe {
            let mut events: [libc::epoll_event; EVENTS] = std::mem::zeroed();
            let count = libc::epoll_wait(self.epoll, events.as_mut_ptr(), EVENTS as libc::c_int, timeout_ms);
            (events, count)
        };
        let count = match checked(count) {
            Ok(count) => count as usize,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        Ok(events.into_iter().take(count).filter_map(|event| {
            let (flags, who) = (event.events, event.u64);
            match who {
                TIMER => None,
                COMMANDS => Some((None, false)),
                who => Some((Some(who as usize), flags & libc::EPOLLOUT as u32 != 0)),
            }
        }))
    }

    fn set(&self, us: u64) -> io::Result<()> {
        let when = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: libc::timespec { tv_sec: (us / 1_000_000) as libc::time_t, tv_nsec: (us % 1_000_000 * 1000) as libc::c_long },
        };
        // SAFETY: `when` outlives the call; the old value is not asked for.
        checked(unsafe { libc::timerfd_settime(self.timer, 0, &when, std::ptr::null_mut()) }).map(drop)
    }
}
