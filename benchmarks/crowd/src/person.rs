//! One person: a socket, what it still has to send, and the piece of a frame that has not come whole.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};

use crate::tally::Ear;

#[derive(PartialEq, Clone, Copy)]
pub enum Stage {
    Connecting,
    Upgrading,
    Opening,
    In,
    Gone,
}

pub struct Person {
    pub stage: Stage,
    pub began_us: u64,
    pub steps_done: usize,
    pub ear: Ear,
    pub rest: Vec<u8>,
    socket: TcpStream,
    unsent: Vec<u8>,
}

impl Person {
    /// A socket that is on its way to `server`.
    pub fn connect(server: &SocketAddr, ear: Ear, began_us: u64) -> io::Result<Person> {
        let socket = dial(server)?;
        Ok(Person { stage: Stage::Connecting, began_us, steps_done: 0, ear, rest: Vec::new(), socket, unsent: Vec::new() })
    }

    pub fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Bytes read into `buffer` after the first `from`; 0 at the end of the stream.
    pub fn read(&mut self, buffer: &mut [u8], from: usize) -> io::Result<usize> {
        use std::io::Read;
        self.socket.read(&mut buffer[from..])
    }

    /// True if something is left to be sent later.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.unsent.extend_from_slice(bytes);
        self.flush()
    }

    pub fn flush(&mut self) -> io::Result<bool> {
        use std::io::Write;
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    pub fn connected(&self) -> io::Result<()> {
        match self.socket.take_error()? {
            Some(error) => Err(error),
            None => {
                self.socket.set_nodelay(true)?;
                Ok(())
            }
        }
    }

    pub fn shut(&mut self) {
        self.stage = Stage::Gone;
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        self.rest = Vec::new();
        self.unsent = Vec::new();
    }
}

fn dial(server: &SocketAddr) -> io::Result<TcpStream> {
    let SocketAddr::V4(to) = server else { return Err(io::Error::other("servers are on 127.0.0.1")) };
    // SAFETY: plain calls with values of the right size; the descriptor is owned by the TcpStream from then on.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let socket = TcpStream::from_raw_fd(fd);
        let address = libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: to.port().to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(to.ip().octets()) },
            sin_zero: [0; 8],
        };
        let size = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        if libc::connect(fd, (&raw const address).cast(), size) < 0 {
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINPROGRESS) {
                return Err(error);
            }
        }
        Ok(socket)
    }
}
