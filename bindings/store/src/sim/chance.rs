//! Where everything random comes from: the seed.

use std::io;

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014): small, and good enough to choose what goes wrong.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of 0 to `below` - 1; 0 of none.
    pub(super) fn below(&mut self, below: usize) -> usize {
        let below = u64::try_from(below.max(1)).unwrap();
        usize::try_from(self.next() % below).unwrap()
    }

    /// True `permille` times of a thousand.
    pub(super) fn chance(&mut self, permille: usize) -> bool {
        self.below(1000) < permille
    }
}

/// What is wrong with the simulated world on purpose, so that the oracles must find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    /// A sync answers before anything is durable.
    AnswerBeforeSync,
    /// A failed sync is tried again; the kernel has dropped the pages and answers that all is well.
    RetriedSync,
    /// What an earlier writer left unsynced is not written again on opening.
    Unsettled,
    /// Compare-and-swap swaps without comparing.
    NoCompare,
    /// A transaction is stored in halves.
    HalfTransaction,
}

/// How often what goes wrong, of a thousand operations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Odds {
    pub(super) error: usize,
    pub(super) cut: usize,
    pub(super) death: usize,
}

/// What becomes of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Works,
    Fails,
    /// The process dies within it.
    Dies,
}

#[derive(Debug, Clone, Copy, Default)]
struct Process {
    dead: bool,
    /// After how many more operations it dies.
    left: Option<usize>,
}

/// The processes of a simulated machine and what happens to them.
#[derive(Debug)]
pub(super) struct Fates {
    pub(super) rng: Rng,
    pub(super) odds: Odds,
    pub(super) bug: Option<Bug>,
    processes: Vec<Process>,
}

impl Fates {
    pub(super) fn new(seed: u64, odds: Odds, bug: Option<Bug>) -> Self {
        Self { rng: Rng::new(seed), odds, bug, processes: Vec::new() }
    }

    pub(super) fn spawn(&mut self) -> usize {
        let left = self.rng.chance(self.odds.death).then(|| self.rng.below(60));
        self.processes.push(Process { dead: false, left });
        self.processes.len() - 1
    }

    pub(super) fn is_dead(&self, process: usize) -> bool {
        self.processes[process].dead
    }

    pub(super) fn kill(&mut self, process: usize) {
        self.processes[process].dead = true;
    }

    pub(super) fn kill_all(&mut self) {
        self.processes.iter_mut().for_each(|process| process.dead = true);
    }

    /// What becomes of the next operation of a process.
    pub(super) fn next(&mut self, process: usize) -> io::Result<Fate> {
        let state = &mut self.processes[process];
        if state.dead {
            return Err(gone());
        }
        match state.left.as_mut() {
            Some(0) => {
                state.dead = true;
                return Ok(Fate::Dies);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(if self.rng.chance(self.odds.error) { Fate::Fails } else { Fate::Works })
    }
}

pub(super) fn gone() -> io::Error {
    io::Error::other("the process is dead")
}

pub(super) fn fault() -> io::Error {
    io::Error::other("input/output error")
}
