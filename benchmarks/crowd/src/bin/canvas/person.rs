//! One person of the canvas: a WebSocket client, and what it knows of itself.

use std::io;
use std::net::SocketAddr;

use crowd::socket::Socket;

pub const WIDTH: f64 = 1440.0;
pub const HEIGHT: f64 = 900.0;
/// Positions of one pointer that can be told apart: each has the number of its move in its third decimals.
pub const MOVES: usize = 1000;
/// Pointers a second until the server says a pace: the highest that it ever says.
const FIRST_PACE: f64 = 8.0;

#[derive(PartialEq, Clone, Copy)]
pub enum Stage {
    Connecting,
    Upgrading,
    Entering,
    In,
    Gone,
}

pub struct Person {
    pub socket: Socket,
    pub stage: Stage,
    pub rest: Vec<u8>,
    /// The middle of what they stand around, and of what they see.
    pub place: usize,
    pub x: f64,
    pub y: f64,
    pub pace: f64,
    /// Their pointer frames are read.
    pub witness: bool,
    /// When each of the last moves was sent.
    pub moved_at: Vec<u64>,
    pub moves: usize,
}

impl Person {
    pub fn connect(server: &SocketAddr, place: usize, (x, y): (f64, f64), witness: bool) -> io::Result<Person> {
        Ok(Person {
            socket: Socket::dial(server)?,
            stage: Stage::Connecting,
            rest: Vec::new(),
            place,
            x,
            y,
            pace: FIRST_PACE,
            witness,
            moved_at: vec![0; MOVES],
            moves: 0,
        })
    }

    pub fn request(&self, host: &str) -> String {
        format!(
            "GET /api/chat?channel=canvas&x={:.0}&y={:.0}&w={WIDTH:.0}&h={HEIGHT:.0} HTTP/1.1\r\nHost: {host}\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n",
            self.x, self.y
        )
    }

    /// The frame of a move to here, at this moment.
    pub fn moved(&mut self, x: f64, y: f64, now: u64) -> String {
        self.moves = (self.moves + 1) % MOVES;
        self.moved_at[self.moves] = now;
        let whole = if x.trunc() == 0.0 { 1.0 } else { x.trunc() };
        let mark = self.moves as f64 / MOVES as f64;
        format!(r#"{{"type":"cursor","position":{{"x":{:.3},"y":{y:.1}}}}}"#, whole + mark * whole.signum())
    }

    /// When the move that ended at `x` was sent.
    pub fn sent_at(&self, x: f64) -> u64 {
        self.moved_at[(x.abs() * MOVES as f64).round() as u64 as usize % MOVES]
    }
}
