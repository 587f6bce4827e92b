//! People for benchmarks: open loop, on one core, every delivery looked at.
//!
//!     crowd SPEC.json      commands as JSON lines on standard input, one JSON line on standard output for each
//!
//! One thread, one epoll. The schedule does not wait for answers: message k is due at begin + k / rate and carries that moment, so
//! a server that makes us wait is charged for it (no coordinated omission). A send that we ourselves made late by less
//! than 1 ms carries the moment it was written: a timer's slack is not the server's. Pings are answered at any time.
//! The processor time of this process is part of every answer: near one core the answer says nothing about the server.

mod person;
mod spec;
mod tally;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use crowd::commands::{self, Generator};
use crowd::poll::Poll;
use crowd::socket::addresses_of;
use crowd::{cpu_s, frames};
use hdrhistogram::Histogram;
use person::{Person, Stage};
use serde_json::{json, Value};
use spec::{Command, Spec};
use tally::{latency, Ear, Listener, Tally};

const READ_BYTES: usize = 256 * 1024;
const OWN_SLACK_US: u64 = 1000;
const TURN_US: u64 = 20_000;
const VOLATILE_SETTLE_US: u64 = 300_000;

/// One kind of thing that is sent on schedule.
struct Stream {
    kind: Kind,
    every_us: f64,
    total: u64,
    done: u64,
}

#[derive(Clone, Copy)]
enum Kind {
    Chat,
    Cursor,
    Draft,
}

impl Stream {
    fn new(kind: Kind, rate: f64, seconds: f64) -> Self {
        Stream { kind, every_us: 1e6 / rate.max(1e-9), total: (rate * seconds).round() as u64, done: 0 }
    }

    /// µs after the beginning, of the next one; None after the last.
    fn due_us(&self) -> Option<u64> {
        (self.done < self.total).then(|| (self.done as f64 * self.every_us) as u64)
    }
}

struct Crowd {
    spec: Spec,
    servers: Vec<SocketAddr>,
    poll: Poll,
    people: Vec<Person>,
    listener: Listener,
    buffer: Vec<u8>,
    zero: Instant,
    /// Messages, and cursors and drafts, said since the beginning.
    said: u64,
    moved: u64,
    key: u32,
    closed: u64,
    entering: usize,
    entered: usize,
    entry: Histogram<u64>,
}

impl Crowd {
    fn now_us(&self) -> u64 {
        self.zero.elapsed().as_micros() as u64
    }

    fn connect(&mut self, people: usize, at_once: usize, patience: f64) -> io::Result<Value> {
        let (began, cpu, before) = (self.now_us(), cpu_s(), self.people.len());
        let deadline = began + (patience * 1e6) as u64;
        self.closed = 0;
        self.entered = 0;
        self.entering = 0;
        self.entry.reset();
        let wanted = people.saturating_sub(before);
        while self.entered < wanted && self.now_us() < deadline && self.closed == 0 {
            while self.people.len() < people && self.entering < at_once {
                let number = self.people.len();
                let channel = number % self.spec.channels;
                let ear = Ear::new(number, channel, self.spec.speakers);
                let server = self.servers[number / self.spec.channels % self.servers.len()];
                let person = Person::connect(&server, ear, self.now_us())?;
                self.poll.add(person.socket.fd(), number)?;
                self.people.push(person);
                self.entering += 1;
            }
            self.turn(Some(TURN_US))?;
        }
        let seconds = (self.now_us() - began) as f64 / 1e6;
        Ok(json!({
            "wanted": wanted, "entered": self.entered, "closed": self.closed, "seconds": seconds,
            "entry": latency(&self.entry), "generator_cpu": (cpu_s() - cpu) / seconds,
        }))
    }

    fn talk(&mut self, mut streams: Vec<Stream>, patience: f64) -> io::Result<Value> {
        let (cpu, began, said) = (cpu_s(), self.now_us(), self.said);
        let patience_us = (patience * 1e6) as u64;
        let planned: u64 = streams.iter().filter(|one| matches!(one.kind, Kind::Chat)).map(|one| one.total).sum();
        self.listener.first = self.said;
        self.listener.tally = Tally::new();
        self.closed = 0;
        let mut late_us = 0;
        while let Some(due) = streams.iter().filter_map(Stream::due_us).min() {
            let now = self.now_us();
            if began + due > now {
                self.turn(Some(began + due - now))?;
                continue;
            }
            if now - began - due > patience_us {
                break; // so far behind that the rate was not driven: what was not said counts as lost
            }
            for stream in &mut streams {
                let Some(due) = stream.due_us().map(|after| began + after) else { continue };
                if due <= now {
                    late_us = late_us.max(now - due);
                    stream.done += 1;
                    self.say(stream.kind, if now - due < OWN_SLACK_US { now } else { due });
                }
            }
            // However far behind: what has come is read in between, or the backlog would be ours.
            if self.said % 16 == 0 {
                self.turn(Some(0))?;
            }
        }
        let spoken_at = self.now_us();
        let moves: u64 = streams.iter().filter(|one| !matches!(one.kind, Kind::Chat)).map(|one| one.done).sum();
        let sent = self.said - said;
        let others = (self.people.len() / self.spec.channels).saturating_sub(1) as u64;
        let expected = planned * others;
        let deadline = self.now_us() + patience_us;
        // How many cursors come is not known: drafts and cursors may be skipped.
        let settled = if moves > 0 { spoken_at + VOLATILE_SETTLE_US } else { 0 };
        while self.now_us() < settled
            || (self.listener.tally.heard < expected && self.now_us() < deadline && self.closed == 0)
        {
            self.turn(Some(TURN_US))?;
        }
        let took_us = self.now_us() - began;
        let tally = &self.listener.tally;
        Ok(json!({
            "sent": sent,
            "cursors_sent": streams.iter().filter(|one| matches!(one.kind, Kind::Cursor)).map(|one| one.done).sum::<u64>(),
            "expected": expected, "heard": tally.heard, "lost": expected - tally.heard.min(expected),
            "doubled": tally.doubled, "disordered": tally.disordered, "misrouted": tally.misrouted,
            "stale": tally.stale, "closed": self.closed, "bytes": tally.bytes,
            "cursors": tally.cursors, "cursor_age": latency(&tally.cursor_age), "latency": latency(&tally.latency),
            "spoken_s": (spoken_at - began) as f64 / 1e6, "seconds": took_us as f64 / 1e6, "late_ms": late_us as f64 / 1000.0,
            "generator_cpu": (cpu_s() - cpu) / (took_us as f64 / 1e6),
        }))
    }

    fn say(&mut self, kind: Kind, at_us: u64) {
        let dialect = &self.spec.dialect;
        let (who, words) = match kind {
            Kind::Chat => {
                let text = tally::text(self.said, at_us, self.spec.payload);
                let who = self.said as usize % (self.spec.channels * self.spec.speakers);
                (who, dialect.chat.replace("{payload}", &text).replace("{id}", &format!("m{}", self.said)))
            }
            Kind::Cursor => {
                let ticks = tally::CURSOR_ZERO + at_us / tally::CURSOR_TICK_US % 9_000_000;
                let who = self.moved as usize % self.people.len();
                (who, dialect.cursor.replace("{x}", &ticks.to_string()).replace("{y}", &(self.moved % 1000).to_string()))
            }
            Kind::Draft => {
                let text = format!("draft {:0>1$}", self.moved, self.moved as usize % 40);
                (self.moved as usize % self.people.len(), dialect.typing.replace("{payload}", &text))
            }
        };
        match kind {
            Kind::Chat => self.said += 1,
            Kind::Cursor | Kind::Draft => self.moved += 1,
        }
        let words = words.replace("{channel}", &channel_name(self.people[who].ear.channel));
        self.send(who, frames::TEXT, words.as_bytes());
    }

    fn send(&mut self, who: usize, opcode: u8, payload: &[u8]) {
        self.key = self.key.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let frame = frames::masked(opcode, payload, self.key);
        self.write(who, &frame);
    }

    fn write(&mut self, who: usize, bytes: &[u8]) {
        let person = &mut self.people[who];
        if person.stage == Stage::Gone {
            return;
        }
        let written = person.socket.write(bytes).and_then(|unsent| {
            if unsent {
                self.poll.watch(person.socket.fd(), who, true)?;
            }
            Ok(())
        });
        if written.is_err() {
            self.lose(who);
        }
    }

    fn drop_last(&mut self, people: usize) -> Value {
        let left = self.people.len().saturating_sub(people);
        for person in &mut self.people[left..] {
            person.shut();
        }
        self.people.truncate(left); // closes; epoll forgets a closed descriptor
        json!({ "left": left })
    }

    fn lose(&mut self, who: usize) {
        let person = &mut self.people[who];
        if person.stage != Stage::Gone {
            self.closed += 1;
            self.poll.remove(person.socket.fd());
            person.shut();
        }
    }

    /// Wait for what comes, at most so long, and take it in. True when a command has come.
    fn turn(&mut self, at_most_us: Option<u64>) -> io::Result<bool> {
        let mut command = false;
        for (who, writable) in self.poll.wait(at_most_us)? {
            let Some(who) = who else {
                command = true;
                continue;
            };
            if who < self.people.len() && self.people[who].stage != Stage::Gone && self.attend(who, writable).is_err() {
                self.lose(who);
            }
        }
        Ok(command)
    }

    fn attend(&mut self, who: usize, writable: bool) -> io::Result<()> {
        if writable {
            if self.people[who].stage == Stage::Connecting {
                self.people[who].socket.connected()?;
                self.people[who].stage = Stage::Upgrading;
                let path = self.spec.dialect.path.replace("{channel}", &channel_name(self.people[who].ear.channel));
                let host = &self.spec.servers[0];
                let request = format!(
                    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
                );
                self.people[who].socket.write(request.as_bytes())?;
            }
            let unsent = self.people[who].socket.flush()?;
            self.poll.watch(self.people[who].socket.fd(), who, unsent)?;
        }
        if self.people[who].stage == Stage::Connecting {
            return Ok(());
        }
        // What was left of a frame goes in front of what comes.
        let mut bytes = std::mem::take(&mut self.buffer);
        let kept = self.people[who].rest.len();
        if bytes.len() < kept + READ_BYTES {
            bytes.resize(kept + READ_BYTES, 0);
        }
        bytes[..kept].copy_from_slice(&self.people[who].rest);
        let read = self.people[who].socket.read(&mut bytes, kept);
        let outcome = match read {
            Ok(0) => Err(io::Error::from(ErrorKind::UnexpectedEof)),
            Ok(count) => self.take_in(who, &bytes[..kept + count], count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        };
        self.buffer = bytes;
        outcome
    }

    fn take_in(&mut self, who: usize, bytes: &[u8], fresh: usize) -> io::Result<()> {
        let now = self.now_us();
        self.listener.tally.bytes += fresh as u64;
        let mut at = 0;
        if self.people[who].stage == Stage::Upgrading {
            match memchr::memmem::find(bytes, b"\r\n\r\n") {
                Some(end) if bytes.starts_with(b"HTTP/1.1 101") => {
                    at = end + 4;
                    self.people[who].stage = Stage::Opening;
                    self.open(who, b"");
                }
                Some(_) => return Err(io::Error::other("not upgraded")),
                None => {}
            }
        }
        while self.people[who].stage != Stage::Upgrading {
            let Some((opcode, from, to)) = frames::next(bytes, at) else { break };
            let payload = &bytes[from..to];
            at = to;
            match opcode {
                frames::PING => self.send(who, frames::PONG, payload),
                frames::PONG => {}
                frames::CLOSE => return Err(io::Error::other("closed")),
                _ if self.people[who].stage == Stage::In => {
                    self.listener.hear(&mut self.people[who].ear, payload, now);
                    self.pong(who, payload);
                }
                _ => self.open(who, payload),
            }
        }
        let rest = &mut self.people[who].rest;
        rest.clear();
        rest.extend_from_slice(&bytes[at..]);
        Ok(())
    }

    fn pong(&mut self, who: usize, payload: &[u8]) {
        let pings = &self.spec.dialect.pings;
        if let Some((_, pong)) = pings.iter().find(|(ping, _)| ping.as_bytes() == payload) {
            let pong = pong.clone();
            self.send(who, frames::TEXT, pong.as_bytes());
        }
    }

    /// What is to be said before one is in. `heard`: the frame that has come, or nothing just after the upgrade.
    fn open(&mut self, who: usize, heard: &[u8]) {
        let has = |text: &str| memchr::memmem::find(heard, text.as_bytes()).is_some();
        while let Some(step) = self.spec.dialect.opening.get(self.people[who].steps_done) {
            if !step.when.is_empty() && !has(&step.when) {
                return;
            }
            let words = step.send.replace("{channel}", &channel_name(self.people[who].ear.channel));
            self.people[who].steps_done += 1;
            self.send(who, frames::TEXT, words.as_bytes());
        }
        if !heard.is_empty() && has(&self.spec.dialect.ready) {
            let person = &mut self.people[who];
            person.stage = Stage::In;
            let took = self.zero.elapsed().as_micros() as u64 - person.began_us;
            self.entry.saturating_record(took.max(1));
            self.entered += 1;
            self.entering = self.entering.saturating_sub(1);
        }
    }
}

impl Generator for Crowd {
    type Spec = Spec;
    type Command = Command;

    fn new(spec: Spec) -> io::Result<Crowd> {
        let dialect = &spec.dialect;
        let listener =
            Listener::new(spec.channels, spec.speakers, dialect.several, &dialect.cursor_frame, &dialect.cursor_mark);
        Ok(Crowd {
            servers: addresses_of(&spec.servers)?,
            listener,
            spec,
            poll: Poll::new()?,
            people: Vec::new(),
            buffer: vec![0; READ_BYTES],
            zero: Instant::now(),
            said: 0,
            moved: 0,
            key: 0x9e37_79b9,
            closed: 0,
            entering: 0,
            entered: 0,
            entry: Histogram::new_with_bounds(1, 600_000_000, 3).expect("bounds are right"),
        })
    }

    fn wait_for_command(&mut self) -> io::Result<()> {
        while !self.turn(None)? {}
        Ok(())
    }

    fn carry_out(&mut self, command: Command) -> io::Result<Value> {
        match command {
            Command::Connect { people, at_once, patience } => self.connect(people, at_once, patience),
            Command::Talk { rate, cursors, drafts, seconds, patience } => {
                let streams = [(Kind::Chat, rate), (Kind::Cursor, cursors), (Kind::Draft, drafts)];
                self.talk(streams.map(|(kind, rate)| Stream::new(kind, rate, seconds)).into(), patience)
            }
            Command::Drop { people } => Ok(self.drop_last(people)),
        }
    }
}

fn channel_name(number: usize) -> String {
    format!("bench{number}")
}

fn main() {
    commands::run::<Crowd>("crowd");
}
