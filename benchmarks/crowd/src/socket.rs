//! A non-blocking socket, and what it still has to send.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};

/// Of each server, which is named as `host:port`.
pub fn addresses_of(servers: &[String]) -> io::Result<Vec<SocketAddr>> {
    let address_of =
        |name: &String| name.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("no such server"));
    servers.iter().map(address_of).collect()
}

pub struct Socket {
    stream: TcpStream,
    unsent: Vec<u8>,
}

impl Socket {
    /// A socket that is on its way to `server`.
    pub fn dial(server: &SocketAddr) -> io::Result<Socket> {
        Ok(Socket { stream: dial(server)?, unsent: Vec::new() })
    }

    pub fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Bytes read into `buffer` after the first `from`; 0 at the end of the stream.
    pub fn read(&mut self, buffer: &mut [u8], from: usize) -> io::Result<usize> {
        use std::io::Read;
        self.stream.read(&mut buffer[from..])
    }

    /// True if something is left to be sent later.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.unsent.extend_from_slice(bytes);
        self.flush()
    }

    pub fn flush(&mut self) -> io::Result<bool> {
        use std::io::Write;
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    pub fn connected(&self) -> io::Result<()> {
        match self.stream.take_error()? {
            Some(error) => Err(error),
            None => self.stream.set_nodelay(true),
        }
    }

    pub fn shut(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
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
