//! What was heard: every delivery is looked at, so lost, doubled and disordered are counted, not sampled.
//!
//! A message's text is `~NNNNNNNNNN~TTTTTTTTTTTT~`, then padding: its number, and the moment it was due in µs of the
//! generator's clock. The number says who spoke: `number % speakers`, and that person's `number / speakers`-th word must follow
//! the one before in every ear.

use hdrhistogram::Histogram;
use memchr::memmem::Finder;
use serde::Serialize;

pub const MARK: &[u8] = b"\"payload\":\"~";
const STAMP_BYTES: usize = 24;
const LONGEST_US: u64 = 120_000_000;

/// Of one talk.
pub struct Tally {
    pub heard: u64,
    pub doubled: u64,
    pub disordered: u64,
    pub misrouted: u64,
    /// Of an earlier talk, come too late to count there.
    pub stale: u64,
    pub bytes: u64,
    pub cursors: u64,
    pub latency: Histogram<u64>,
    pub cursor_age: Histogram<u64>,
}

impl Tally {
    pub fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, LONGEST_US, 3).expect("bounds are right");
        Tally {
            heard: 0,
            doubled: 0,
            disordered: 0,
            misrouted: 0,
            stale: 0,
            bytes: 0,
            cursors: 0,
            latency: histogram(),
            cursor_age: histogram(),
        }
    }
}

#[derive(Serialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
    pub samples: u64,
}

pub fn latency(of: &Histogram<u64>) -> Latency {
    let at = |share: f64| of.value_at_quantile(share) as f64 / 1000.0;
    Latency {
        p50_ms: at(0.5),
        p90_ms: at(0.9),
        p99_ms: at(0.99),
        p999_ms: at(0.999),
        max_ms: at(1.0),
        samples: of.len(),
    }
}

/// Who a listener is, and the last word it has heard of each speaker of its channel.
pub struct Ear {
    pub person: usize,
    pub channel: usize,
    last: Vec<i64>,
}

impl Ear {
    pub fn new(person: usize, channel: usize, speakers: usize) -> Self {
        Ear { person, channel, last: vec![-1; speakers] }
    }
}

pub struct Listener {
    finder: Finder<'static>,
    /// Where the mark stood in the last frame: most frames are alike.
    guess: usize,
    channels: usize,
    speakers: usize,
    several: bool,
    cursor_frame: Option<Finder<'static>>,
    cursor_mark: Option<Finder<'static>>,
    /// The first message of this talk.
    pub first: u64,
    pub tally: Tally,
}

impl Listener {
    pub fn new(channels: usize, speakers: usize, several: bool, cursor_frame: &str, cursor_mark: &str) -> Self {
        let finder = |text: &str| (!text.is_empty()).then(|| Finder::new(text.as_bytes()).into_owned());
        Listener {
            finder: Finder::new(MARK),
            guess: 0,
            channels,
            speakers,
            several,
            cursor_frame: finder(cursor_frame),
            cursor_mark: finder(cursor_mark),
            first: 0,
            tally: Tally::new(),
        }
    }

    /// One text frame, at `now_us`.
    pub fn hear(&mut self, ear: &mut Ear, frame: &[u8], now_us: u64) {
        let guessed = self.guess..self.guess + MARK.len();
        let mut found = match frame.get(guessed) {
            Some(there) if there == MARK => Some(self.guess),
            _ => self.finder.find(frame),
        };
        if found.is_none() {
            return self.hear_cursors(frame, now_us);
        }
        while let Some(at) = found {
            self.guess = at;
            let from = at + MARK.len();
            match frame.get(from..from + STAMP_BYTES).and_then(stamp) {
                Some((number, sent_us)) => self.count(ear, number, sent_us, now_us),
                None => self.tally.misrouted += 1,
            }
            found = if self.several { self.finder.find(&frame[from..]).map(|next| from + next) } else { None };
        }
    }

    fn count(&mut self, ear: &mut Ear, number: u64, sent_us: u64, now_us: u64) {
        let speaker = number as usize % (self.channels * self.speakers);
        if speaker % self.channels != ear.channel {
            self.tally.misrouted += 1;
            return;
        }
        if speaker == ear.person {
            return; // some protocols give everyone their own words back
        }
        let word = (number / (self.channels * self.speakers) as u64) as i64;
        let last = &mut ear.last[speaker / self.channels];
        if word <= *last {
            if word == *last {
                self.tally.doubled += 1;
            } else {
                self.tally.disordered += 1;
            }
            return;
        }
        *last = word;
        if number < self.first {
            self.tally.stale += 1;
            return;
        }
        self.tally.heard += 1;
        self.tally.latency.saturating_record(now_us.saturating_sub(sent_us).max(1));
    }

    fn hear_cursors(&mut self, frame: &[u8], now_us: u64) {
        let (Some(kind), Some(mark)) = (&self.cursor_frame, &self.cursor_mark) else { return };
        if kind.find(&frame[..frame.len().min(64)]).is_none() {
            return;
        }
        let mark_bytes = mark.needle().len();
        for at in mark.find_iter(frame) {
            let from = at + mark_bytes;
            if let Some(ticks) = frame.get(from..from + 7).and_then(number) {
                self.tally.cursors += 1;
                let sent_us = (ticks - CURSOR_ZERO) * CURSOR_TICK_US;
                self.tally.cursor_age.saturating_record(now_us.saturating_sub(sent_us).max(1));
            }
        }
    }
}

/// A cursor's `x` is its moment, in ticks of 0.1 ms since the generator began: always seven digits, for fifteen minutes.
pub const CURSOR_TICK_US: u64 = 100;
pub const CURSOR_ZERO: u64 = 1_000_000;

pub fn text(number: u64, sent_us: u64, characters: usize) -> String {
    let stamp = format!("~{number:010}~{sent_us:012}~");
    format!("{stamp:x<characters$}")
}

fn stamp(bytes: &[u8]) -> Option<(u64, u64)> {
    // After the mark, which ends in the first `~`: ten digits, `~`, twelve digits, `~`.
    Some((number(&bytes[..10])?, number(&bytes[11..23])?))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u64, sent_us: u64) -> Vec<u8> {
        format!(r#"{{"type":"chat","payload":"{}"}}"#, text(number, sent_us, 40)).into_bytes()
    }

    #[test]
    fn a_message_is_heard_once_with_its_latency() {
        let mut listener = Listener::new(1, 2, false, "", "");
        let mut ear = Ear::new(5, 0, 2);
        listener.hear(&mut ear, &frame(0, 1000), 3000);
        listener.hear(&mut ear, &frame(0, 1000), 3000);
        assert_eq!((listener.tally.heard, listener.tally.doubled), (1, 1));
        assert_eq!(listener.tally.latency.max() / 10, 200);
    }

    #[test]
    fn an_older_word_of_the_same_speaker_is_disordered() {
        let mut listener = Listener::new(1, 2, false, "", "");
        let mut ear = Ear::new(5, 0, 2);
        for number in [0, 4, 1, 2] {
            listener.hear(&mut ear, &frame(number, 0), 1);
        }
        assert_eq!((listener.tally.heard, listener.tally.disordered), (3, 1));
    }

    #[test]
    fn what_belongs_elsewhere_and_own_words_do_not_count() {
        let mut listener = Listener::new(2, 1, false, "", "");
        let mut ear = Ear::new(1, 1, 1);
        listener.hear(&mut ear, &frame(0, 0), 1);
        listener.hear(&mut ear, &frame(1, 0), 1);
        assert_eq!((listener.tally.heard, listener.tally.misrouted), (0, 1));
    }

    #[test]
    fn several_in_one_frame_are_all_heard() {
        let mut listener = Listener::new(1, 1, true, "", "");
        let mut ear = Ear::new(5, 0, 1);
        let both = [frame(0, 0), frame(1, 0)].concat();
        listener.hear(&mut ear, &both, 1);
        assert_eq!(listener.tally.heard, 2);
    }

    #[test]
    fn cursors_are_counted_by_their_moment() {
        let mut listener = Listener::new(1, 1, false, "\"cursors\"", "\",");
        let mut ear = Ear::new(5, 0, 1);
        let frame = br#"{"type":"cursors","cursors":[["a",1000010.0,2.0],["b",1000020.0,2.0]]}"#;
        listener.hear(&mut ear, frame, 3000);
        assert_eq!(listener.tally.cursors, 2);
        assert_eq!(listener.tally.cursor_age.max() / 10, 200);
    }
}
