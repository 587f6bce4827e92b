//! One person: a socket, and the piece of a frame that has not come whole.

use std::io;
use std::net::SocketAddr;

use crowd::socket::Socket;

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
    pub socket: Socket,
}

impl Person {
    /// Somebody who is on the way to `server`.
    pub fn connect(server: &SocketAddr, ear: Ear, began_us: u64) -> io::Result<Person> {
        let socket = Socket::dial(server)?;
        Ok(Person { stage: Stage::Connecting, began_us, steps_done: 0, ear, rest: Vec::new(), socket })
    }

    pub fn shut(&mut self) {
        self.stage = Stage::Gone;
        self.socket.shut();
        self.rest = Vec::new();
    }
}
