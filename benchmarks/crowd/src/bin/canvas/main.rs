//! People on one canvas: they stand around places, look about, point and post. An oracle knows what each must have got.
//!
//!     canvas SPEC.json     commands as JSON lines on standard input, one JSON line on standard output for each
//!
//! One thread, one epoll, open loop, as the generator beside it (../../main.rs).

mod oracle;
mod person;
mod random;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use crowd::commands::{self, Generator};
use crowd::poll::Poll;
use crowd::socket::addresses_of;
use crowd::{cpu_s, frames};
use memchr::memmem;
use oracle::{cell_of, Oracle, Region};
use person::{Person, Stage, HEIGHT, WIDTH};
use random::Random;
use serde::Deserialize;
use serde_json::{json, Value};

const READ_BYTES: usize = 256 * 1024;
const TURN_US: u64 = 2_000;
/// What is sent before it is read again.
const BURST: usize = 32;
/// How often one person moves their viewport, on average.
const LOOK_EVERY_US: f64 = 3e6;
/// Of these moves, the share that goes to another place.
const JUMPS: f64 = 0.05;
/// How much of the way to their place people keep when they look elsewhere: the crowd stays around its places.
const STAYS: f64 = 0.8;
const SIDE: f64 = 40_000.0;
/// What follows the number of a message: its pictures are looked at.
const WORDS: [&str; 4] =
    [" is anyone else watching the rain", " the cat has opinions about it", " from up there tonight", " yes, and you?"];

#[derive(Deserialize)]
struct Spec {
    /// `host:port` of each server; people are spread over them in turn.
    servers: Vec<String>,
    people: usize,
    places: usize,
    /// Standard deviation around a place, in units.
    spread: f64,
    /// Messages a second, all people together.
    rate: f64,
    /// People whose pointer frames are read.
    witnesses: usize,
    seed: u64,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Command {
    /// Until everybody is in, with at most `at_once` on their way in.
    Connect { at_once: usize, patience: f64 },
    /// Everybody looks about and points for so long, so many times as often as they usually do, and posts if so.
    Live {
        seconds: f64,
        posting: bool,
        #[serde(default = "usually")]
        looking: f64,
        #[serde(default = "usually")]
        pointing: f64,
    },
    /// Read what comes for so long.
    Rest { seconds: f64 },
    /// What was lost.
    Judge,
}

fn usually() -> f64 {
    1.0
}

struct Canvas {
    spec: Spec,
    servers: Vec<SocketAddr>,
    places: Vec<(f64, f64)>,
    poll: Poll,
    people: Vec<Person>,
    by_id: HashMap<Vec<u8>, usize>,
    oracle: Oracle,
    random: Random,
    buffer: Vec<u8>,
    zero: Instant,
    /// (when, who) points next.
    pointing: BinaryHeap<Reverse<(u64, usize)>>,
    key: u32,
    bytes: u64,
    writes: u64,
    reads: u64,
    closed: u64,
    entering: usize,
    entered: usize,
}

impl Canvas {
    fn now_us(&self) -> u64 {
        self.zero.elapsed().as_micros() as u64
    }

    fn around(&mut self, place: usize) -> (f64, f64) {
        let (x, y) = self.places[place];
        (x + self.random.gauss(self.spec.spread), y + self.random.gauss(self.spec.spread))
    }

    fn connect(&mut self, at_once: usize, patience: f64) -> io::Result<Value> {
        let (began, cpu) = (self.now_us(), cpu_s());
        let deadline = began + (patience * 1e6) as u64;
        let every = (self.spec.people / self.spec.witnesses.max(1)).max(1);
        while self.entered < self.spec.people && self.now_us() < deadline && self.closed == 0 {
            while self.people.len() < self.spec.people && self.entering < at_once {
                let number = self.people.len();
                let place = self.random.below(self.places.len());
                let at = self.around(place);
                let server = self.servers[number % self.servers.len()];
                let person = Person::connect(&server, place, at, number % every == 0)?;
                self.poll.add(person.socket.fd(), number)?;
                self.people.push(person);
                self.entering += 1;
            }
            self.turn(Some(TURN_US))?;
        }
        let seconds = (self.now_us() - began) as f64 / 1e6;
        Ok(json!({
            "entered": self.entered, "closed": self.closed, "seconds": seconds, "bytes": self.bytes,
            "places": self.places, "generator_cpu": (cpu_s() - cpu) / seconds,
        }))
    }

    fn live(&mut self, seconds: f64, posting: bool, looking: f64, pointing: f64) -> io::Result<Value> {
        let (began, cpu) = (self.now_us(), cpu_s());
        let (bytes, reads, writes) = (self.bytes, self.reads, self.writes);
        let end = began + (seconds * 1e6) as u64;
        if posting {
            self.oracle.age.reset();
        }
        self.pointing.clear();
        let pointing_people = if pointing > 0.0 { self.people.len() } else { 0 };
        for who in 0..pointing_people {
            let at = began + (self.random.share() / self.people[who].pace / pointing * 1e6) as u64;
            self.pointing.push(Reverse((at, who)));
        }
        let look_every = LOOK_EVERY_US / self.people.len() as f64 / looking;
        let post_every = if posting { 1e6 / self.spec.rate } else { f64::INFINITY };
        let (mut looks, mut posts, mut pointers, mut late) = (0u64, 0u64, 0u64, 0);
        loop {
            let mut now = self.now_us();
            if now >= end {
                break;
            }
            let mut burst = 0;
            while burst < BURST {
                let look_at = if looking > 0.0 { began + (looks as f64 * look_every) as u64 } else { u64::MAX };
                let post_at = if posting { began + (posts as f64 * post_every) as u64 } else { u64::MAX };
                let point_at = self.pointing.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
                let due = look_at.min(post_at).min(point_at);
                if due > now {
                    break;
                }
                late = late.max(now - due);
                if due == post_at {
                    posts += 1;
                    self.post(now);
                } else if due == look_at {
                    looks += 1;
                    self.look_about(now);
                } else if let Some(Reverse((_, who))) = self.pointing.pop() {
                    pointers += 1;
                    let wait = (0.8 + 0.4 * self.random.share()) / self.people[who].pace / pointing;
                    self.pointing.push(Reverse((now + (wait * 1e6) as u64, who)));
                    self.point(who, now);
                }
                burst += 1;
                now = self.now_us();
            }
            self.turn(Some(if burst == BURST { 0 } else { TURN_US }))?;
        }
        let took = (self.now_us() - began) as f64 / 1e6;
        Ok(json!({
            "seconds": took, "bytes": self.bytes - bytes, "reads": self.reads - reads, "writes": self.writes - writes,
            "posted": posts, "looks": looks, "pointers_sent": pointers, "late_ms": late as f64 / 1000.0,
            "pace": self.people.iter().map(|person| person.pace).sum::<f64>() / self.people.len() as f64,
            "generator_cpu": (cpu_s() - cpu) / took,
        }))
    }

    fn rest(&mut self, seconds: f64) -> io::Result<Value> {
        let end = self.now_us() + (seconds * 1e6) as u64;
        while self.now_us() < end {
            self.turn(Some(TURN_US))?;
        }
        Ok(json!({}))
    }

    fn judge(&self) -> Value {
        let verdict = self.oracle.verdict();
        let ms = |of: &hdrhistogram::Histogram<u64>, share| of.value_at_quantile(share) as f64 / 1000.0;
        let (latency, age) = (&self.oracle.latency, &self.oracle.age);
        json!({
            "due": verdict.due, "received": self.oracle.received, "lost": verdict.lost, "doubled": self.oracle.doubled,
            "out_of_region": verdict.out_of_region, "unreadable": self.oracle.unreadable, "closed": self.closed,
            "message_p50_ms": ms(latency, 0.5), "message_p99_ms": ms(latency, 0.99), "latencies": latency.len(),
            "pointer_age_p50_ms": ms(age, 0.5), "pointer_age_p99_ms": ms(age, 0.99), "pointers": age.len(),
        })
    }

    /// Somebody shows another part of the canvas, mostly of the same place.
    fn look_about(&mut self, now: u64) {
        let who = self.random.below(self.people.len());
        let at = if self.random.share() < JUMPS {
            let place = self.random.below(self.places.len());
            self.people[who].place = place;
            self.around(place)
        } else {
            let person = &self.people[who];
            let (home, step) = (self.places[person.place], self.spec.spread * (1.0 - STAYS * STAYS).sqrt());
            let keep = |now: f64, home: f64| home + STAYS * (now - home);
            let (x, y) = (keep(person.x, home.0), keep(person.y, home.1));
            (x + self.random.gauss(step), y + self.random.gauss(step))
        };
        self.look(who, at, now);
    }

    fn look(&mut self, who: usize, (x, y): (f64, f64), now: u64) {
        // As it is sent, so that both sides compute with the same numbers.
        let (x, y) = ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0);
        let person = &mut self.people[who];
        if person.stage != Stage::In {
            return;
        }
        (person.x, person.y) = (x, y);
        self.oracle.looked(who, Region::of(x, y, WIDTH, HEIGHT), now);
        let frame =
            format!(r#"{{"type":"view","position":{{"x":{x},"y":{y}}},"width":{WIDTH},"height":{HEIGHT}}}"#);
        self.send(who, frames::TEXT, frame.as_bytes());
    }

    fn point(&mut self, who: usize, now: u64) {
        let (x, y) = (self.random.within(500.0), self.random.within(300.0));
        let person = &mut self.people[who];
        let frame = person.moved(person.x + x, person.y + y, now);
        self.send(who, frames::TEXT, frame.as_bytes());
    }

    fn post(&mut self, now: u64) {
        let who = self.random.below(self.people.len());
        if self.people[who].stage != Stage::In {
            return;
        }
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let x = tenth(self.people[who].x + self.random.within(400.0));
        let y = tenth(self.people[who].y + self.random.within(250.0));
        let number = self.oracle.next();
        self.oracle.posted(who, cell_of(x, y), now);
        let payload = format!("n{number}{}", WORDS[number % WORDS.len()]);
        let frame = format!(
            r#"{{"type":"chat","message_id":"m{number}","payload":"{payload}","position":{{"x":{x},"y":{y}}}}}"#
        );
        self.send(who, frames::TEXT, frame.as_bytes());
    }

    fn send(&mut self, who: usize, opcode: u8, payload: &[u8]) {
        if self.people[who].stage == Stage::Gone {
            return;
        }
        self.key = self.key.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.writes += 1;
        let frame = frames::masked(opcode, payload, self.key);
        let socket = &mut self.people[who].socket;
        let written = socket.write(&frame).and_then(|unsent| match unsent {
            true => self.poll.watch(socket.fd(), who, true),
            false => Ok(()),
        });
        if written.is_err() {
            self.lose(who);
        }
    }

    fn lose(&mut self, who: usize) {
        let person = &mut self.people[who];
        if person.stage != Stage::Gone {
            self.closed += 1;
            self.poll.remove(person.socket.fd());
            person.socket.shut();
            person.stage = Stage::Gone;
        }
    }

    /// Wait for what comes, at most so long, and read it. True when a command has come.
    fn turn(&mut self, at_most_us: Option<u64>) -> io::Result<bool> {
        let mut command = false;
        for (who, writable) in self.poll.wait(at_most_us)? {
            let Some(who) = who else {
                command = true;
                continue;
            };
            if self.people[who].stage != Stage::Gone && self.attend(who, writable).is_err() {
                self.lose(who);
            }
        }
        Ok(command)
    }

    fn attend(&mut self, who: usize, writable: bool) -> io::Result<()> {
        if writable {
            let person = &mut self.people[who];
            if person.stage == Stage::Connecting {
                person.socket.connected()?;
                person.stage = Stage::Upgrading;
                let request = person.request(&self.spec.servers[0]);
                person.socket.write(request.as_bytes())?;
            }
            let unsent = person.socket.flush()?;
            self.poll.watch(person.socket.fd(), who, unsent)?;
        }
        if self.people[who].stage == Stage::Connecting {
            return Ok(());
        }
        // What was left of a frame goes in front of what comes.
        let mut bytes = std::mem::take(&mut self.buffer);
        let person = &mut self.people[who];
        let kept = person.rest.len();
        if bytes.len() < kept + READ_BYTES {
            bytes.resize(kept + READ_BYTES, 0);
        }
        bytes[..kept].copy_from_slice(&person.rest);
        let outcome = match person.socket.read(&mut bytes, kept) {
            Ok(0) => Err(io::Error::from(ErrorKind::UnexpectedEof)),
            Ok(count) => {
                self.bytes += count as u64;
                self.reads += 1;
                self.take_in(who, &bytes[..kept + count])
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        };
        self.buffer = bytes;
        outcome
    }

    fn take_in(&mut self, who: usize, bytes: &[u8]) -> io::Result<()> {
        let now = self.now_us();
        let mut at = 0;
        if self.people[who].stage == Stage::Upgrading {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
                self.people[who].rest = bytes.to_vec();
                return Ok(());
            };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                return Err(io::Error::other("not upgraded"));
            }
            self.people[who].stage = Stage::Entering;
            at = end + 4;
        }
        while let Some((opcode, from, to)) = frames::next(bytes, at) {
            let payload = &bytes[from..to];
            at = to;
            match opcode {
                frames::PING => self.send(who, frames::PONG, payload),
                frames::PONG => {}
                frames::CLOSE => return Err(io::Error::other("closed")),
                _ => self.read(who, payload, now),
            }
        }
        let rest = &mut self.people[who].rest;
        rest.clear();
        rest.extend_from_slice(&bytes[at..]);
        Ok(())
    }

    fn read(&mut self, who: usize, frame: &[u8], now: u64) {
        if frame.starts_with(br#"{"type":"chat""#) {
            match after(frame, br#""payload":"n"#).and_then(|from| number(&frame[from..])) {
                Some(number) => self.oracle.arrived(who, number as usize, now),
                None => self.oracle.unreadable += 1,
            }
        } else if frame.starts_with(br#"{"type":"cursors""#) {
            if self.people[who].witness {
                self.see_pointers(who, frame, now);
            }
        } else if frame.starts_with(br#"{"type":"pace""#) {
            match serde_json::from_slice::<Value>(frame).ok().and_then(|pace| pace["cursors_per_second"].as_f64()) {
                Some(pace) => self.people[who].pace = pace,
                None => self.oracle.unreadable += 1,
            }
        } else if frame.starts_with(br#"{"type":"crowd","on":true"#) {
            // W160: a client of a crowd says what it shows. This one came before the channel was a crowd.
            let at = (self.people[who].x, self.people[who].y);
            self.look(who, at, now);
        } else if frame.starts_with(br#"{"type":"user_sync""#) && self.people[who].stage == Stage::Entering {
            let id = after(frame, br#""user_id":""#).map(|from| frame[from..].split(|byte| *byte == b'"').next());
            let Some(Some(id)) = id else {
                self.oracle.unreadable += 1;
                return;
            };
            self.by_id.insert(id.to_vec(), who);
            self.people[who].stage = Stage::In;
            self.entered += 1;
            self.entering -= 1;
            let at = (self.people[who].x, self.people[who].y);
            self.look(who, at, now);
        }
    }

    /// `{"type":"cursors","cursors":[["USER",x,y],...]}`
    fn see_pointers(&mut self, who: usize, frame: &[u8], now: u64) {
        let mut at = 0;
        while let Some(from) = after(&frame[at..], b"[\"").map(|from| at + from) {
            let Some(end) = memchr::memchr(b'"', &frame[from..]).map(|end| from + end) else { break };
            at = end;
            // A user who is not one of ours: a browser in the crowd.
            let Some(of) = self.by_id.get(&frame[from..end]).copied().filter(|of| *of != who) else { continue };
            match number(frame.get(end + 2..).unwrap_or_default()) {
                Some(x) => {
                    let sent = self.people[of].sent_at(x);
                    self.oracle.age.saturating_record(now.saturating_sub(sent).max(1));
                }
                None => self.oracle.unreadable += 1,
            }
        }
    }
}

impl Generator for Canvas {
    type Spec = Spec;
    type Command = Command;

    fn new(spec: Spec) -> io::Result<Canvas> {
        let mut random = Random::new(spec.seed);
        let places = (0..spec.places).map(|_| (random.within(SIDE), random.within(SIDE))).collect();
        Ok(Canvas {
            servers: addresses_of(&spec.servers)?,
            places,
            poll: Poll::new()?,
            people: Vec::with_capacity(spec.people),
            by_id: HashMap::new(),
            oracle: Oracle::new(spec.people),
            random,
            buffer: vec![0; READ_BYTES],
            zero: Instant::now(),
            pointing: BinaryHeap::new(),
            key: 0x9e37_79b9,
            bytes: 0,
            writes: 0,
            reads: 0,
            closed: 0,
            entering: 0,
            entered: 0,
            spec,
        })
    }

    fn wait_for_command(&mut self) -> io::Result<()> {
        while !self.turn(None)? {}
        Ok(())
    }

    fn carry_out(&mut self, command: Command) -> io::Result<Value> {
        match command {
            Command::Connect { at_once, patience } => self.connect(at_once, patience),
            Command::Live { seconds, posting, looking, pointing } => self.live(seconds, posting, looking, pointing),
            Command::Rest { seconds } => self.rest(seconds),
            Command::Judge => Ok(self.judge()),
        }
    }
}

/// Where what comes after `mark` begins.
fn after(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    memmem::find(bytes, mark).map(|at| at + mark.len())
}

/// The number at the beginning.
fn number(bytes: &[u8]) -> Option<f64> {
    let end = bytes.iter().position(|byte| !b"-.0123456789".contains(byte)).unwrap_or(bytes.len());
    std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()
}

fn main() {
    commands::run::<Canvas>("canvas");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_move_comes_back_from_its_position() {
        let server = "127.0.0.1:9".parse().unwrap();
        for x in [12_345.6, -12_345.6, 0.2, 39_999.0, -1.5] {
            let mut person = Person::connect(&server, 0, (0.0, 0.0), true).unwrap();
            for move_number in 1..999 {
                let frame = person.moved(x, 7.0, move_number);
                let sent = number(&frame.as_bytes()[after(frame.as_bytes(), b"\"x\":").unwrap()..]).unwrap();
                assert_eq!(person.sent_at(sent), move_number, "{frame}");
            }
        }
    }
}
