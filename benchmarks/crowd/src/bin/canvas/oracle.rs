//! What each person must have got, from what they looked at and when.
//!
//! Written from docs/protocol.md (W160, W163, W164) alone. A message is due to a person whose region held its cell for
//! at least `MARGIN_US` of its life. One that came although the region never held its cell is counted too: it cost bytes.
//! Times are µs of one clock.

use hdrhistogram::Histogram;

pub const CELL: f64 = 1024.0;
const MOST_CELLS: i32 = 12;
pub const MARGIN_US: u64 = 1_000_000;
const LIFE_US: u64 = 5_000_000;
const LONGEST_US: u64 = 120_000_000;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Region {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

pub fn cell_of(x: f64, y: f64) -> (i32, i32) {
    ((x / CELL).floor() as i32, (y / CELL).floor() as i32)
}

impl Region {
    /// Of a viewport, given by its middle and its size.
    pub fn of(x: f64, y: f64, width: f64, height: f64) -> Region {
        let ((left, right), (top, bottom)) = (span(x, width), span(y, height));
        Region { left, top, right, bottom }
    }

    fn holds(&self, (x, y): (i32, i32)) -> bool {
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }
}

fn span(middle: f64, size: f64) -> (i32, i32) {
    let first = ((middle - size / 2.0) / CELL).floor() as i32 - 1;
    let last = ((middle + size / 2.0) / CELL).floor() as i32 + 1;
    if last - first < MOST_CELLS {
        return (first, last);
    }
    let first = (middle / CELL).floor() as i32 - MOST_CELLS / 2;
    (first, first + MOST_CELLS - 1)
}

struct Post {
    author: usize,
    cell: (i32, i32),
    at: u64,
    /// A bit for each person.
    arrived: Vec<u64>,
}

pub struct Oracle {
    people: usize,
    posts: Vec<Post>,
    /// Of each person: from when on which region.
    views: Vec<Vec<(u64, Region)>>,
    /// Frames with positions that cannot be read: none, or the benchmark is wrong.
    pub unreadable: u64,
    pub received: u64,
    pub doubled: u64,
    /// Of messages: from posting to arrival, for people whose region held the cell all the time.
    pub latency: Histogram<u64>,
    /// Of pointers: from sending a position to its arrival.
    pub age: Histogram<u64>,
}

#[derive(Default, PartialEq, Debug)]
pub struct Verdict {
    pub due: u64,
    pub lost: u64,
    pub out_of_region: u64,
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("bounds are right")
}

impl Oracle {
    pub fn new(people: usize) -> Oracle {
        Oracle {
            people,
            posts: Vec::new(),
            views: vec![Vec::new(); people],
            unreadable: 0,
            received: 0,
            doubled: 0,
            latency: histogram(),
            age: histogram(),
        }
    }

    /// The number of the next message.
    pub fn next(&self) -> usize {
        self.posts.len()
    }

    pub fn posted(&mut self, author: usize, cell: (i32, i32), at: u64) {
        self.posts.push(Post { author, cell, at, arrived: vec![0; self.people.div_ceil(64)] });
    }

    /// The person has sent a view with this region.
    pub fn looked(&mut self, person: usize, region: Region, at: u64) {
        let views = &mut self.views[person];
        if views.last().is_none_or(|(_, last)| *last != region) {
            views.push((at, region));
        }
    }

    pub fn arrived(&mut self, person: usize, number: usize, at: u64) {
        let Some(post) = self.posts.get_mut(number) else {
            self.unreadable += 1;
            return;
        };
        let (word, bit) = (person / 64, 1 << (person % 64));
        if post.arrived[word] & bit != 0 {
            self.doubled += 1;
            return;
        }
        post.arrived[word] |= bit;
        self.received += 1;
        let (cell, posted) = (post.cell, post.at);
        if self.held_since(person, cell, posted.saturating_sub(MARGIN_US)) {
            self.latency.saturating_record((at - posted).max(1));
        }
    }

    /// Whether each region of the person since `since` holds the cell.
    fn held_since(&self, person: usize, cell: (i32, i32), since: u64) -> bool {
        for (at, region) in self.views[person].iter().rev() {
            if !region.holds(cell) {
                return false;
            }
            if *at <= since {
                return true;
            }
        }
        false
    }

    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for (person, views) in self.views.iter().enumerate() {
            let mut first = 0;
            for post in &self.posts {
                let got = post.arrived[person / 64] & (1 << (person % 64)) != 0;
                // Views that ended long before this message do not concern later ones either.
                while first + 1 < views.len() && views[first + 1].0 + 2 * MARGIN_US < post.at {
                    first += 1;
                }
                let (due, could) = if post.author == person { (false, false) } else { held(&views[first..], post) };
                verdict.due += due as u64;
                verdict.lost += (due && !got) as u64;
                verdict.out_of_region += (got && !could) as u64;
            }
        }
        verdict
    }
}

/// (whether a person with these views must get the message, whether they may). Views that follow each other with the
/// cell count as one.
fn held(views: &[(u64, Region)], post: &Post) -> (bool, bool) {
    let end = post.at + LIFE_US;
    let (mut could, mut since) = (false, None);
    for (index, (at, region)) in views.iter().enumerate() {
        if *at > end + MARGIN_US {
            break;
        }
        let until = views.get(index + 1).map_or(u64::MAX, |next| next.0);
        if !region.holds(post.cell) {
            since = None;
            continue;
        }
        let from = *since.get_or_insert(*at);
        could |= until >= post.at.saturating_sub(MARGIN_US);
        if until.min(end).saturating_sub(from.max(post.at)) >= MARGIN_US {
            return (true, true);
        }
    }
    (false, could)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    fn near() -> Region {
        Region::of(500.0, 500.0, 1000.0, 800.0)
    }

    fn far() -> Region {
        Region::of(90_000.0, 90_000.0, 1000.0, 800.0)
    }

    /// A message of person 0 at 10 s, and a person 1 with these views.
    fn oracle(views: &[(u64, Region)]) -> Oracle {
        let mut oracle = Oracle::new(2);
        for (at, region) in views {
            oracle.looked(1, *region, *at);
        }
        oracle.posted(0, cell_of(500.0, 500.0), 10 * S);
        oracle
    }

    fn verdict(due: u64, lost: u64, out_of_region: u64) -> Verdict {
        Verdict { due, lost, out_of_region }
    }

    #[test]
    fn a_region_is_the_cells_of_the_viewport_and_one_around_and_at_most_twelve() {
        assert_eq!(near(), Region { left: -1, top: -1, right: 1, bottom: 1 });
        let wide = Region::of(0.0, 0.0, 100_000.0, 100.0);
        assert_eq!((wide.left, wide.right, wide.top, wide.bottom), (-6, 5, -2, 1));
    }

    #[test]
    fn a_message_that_does_not_come_is_lost() {
        assert_eq!(oracle(&[(S, near())]).verdict(), verdict(1, 1, 0));
    }

    #[test]
    fn a_message_that_comes_is_not_lost_and_has_a_latency() {
        let mut oracle = oracle(&[(S, near())]);
        oracle.arrived(1, 0, 10 * S + 20_000);
        assert_eq!(oracle.verdict(), verdict(1, 0, 0));
        assert_eq!((oracle.received, oracle.doubled, oracle.latency.len()), (1, 0, 1));
    }

    #[test]
    fn a_message_that_comes_again_is_doubled() {
        let mut oracle = oracle(&[(S, near())]);
        oracle.arrived(1, 0, 10 * S + 20_000);
        oracle.arrived(1, 0, 10 * S + 30_000);
        assert_eq!((oracle.received, oracle.doubled), (1, 1));
    }

    #[test]
    fn a_message_that_nobody_looked_at_is_out_of_the_region() {
        let mut oracle = oracle(&[(S, far())]);
        oracle.arrived(1, 0, 10 * S + 20_000);
        assert_eq!(oracle.verdict(), verdict(0, 0, 1));
        assert_eq!(oracle.latency.len(), 0);
    }

    #[test]
    fn who_looks_there_later_must_get_what_still_lives() {
        assert_eq!(oracle(&[(S, far()), (13 * S, near())]).verdict(), verdict(1, 1, 0));
        assert_eq!(oracle(&[(S, far()), (14 * S + 500_000, near())]).verdict(), verdict(0, 0, 0));
    }

    #[test]
    fn views_with_the_cell_one_after_the_other_count_as_one() {
        let beside = Region::of(900.0, 500.0, 1000.0, 800.0);
        let views: Vec<_> = (0..8).map(|n| (14 * S + n * 200_000, if n % 2 == 0 { near() } else { beside })).collect();
        assert_eq!(oracle(&views).verdict(), verdict(1, 1, 0));
        assert_eq!(oracle(&[(S, near()), (10 * S + 500_000, far())]).verdict(), verdict(0, 0, 0));
    }

    #[test]
    fn authors_do_not_wait_for_their_own_messages() {
        let mut oracle = oracle(&[]);
        oracle.looked(0, near(), S);
        assert_eq!(oracle.verdict(), verdict(0, 0, 0));
    }
}
