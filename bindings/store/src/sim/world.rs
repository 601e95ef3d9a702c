//! Writers, their callers and the network between them, on one thread: the engine, its group commit and its recovery are
//! the real ones.

use super::{
    chance::{Fates, Odds, Rng},
    ids_begin,
};
use crate::{
    Appended, Keyring, Options, StoreError,
    backend::Backend,
    engine::{Engine, Pending, Reply, Request},
    options::at_text,
    writer::{Message, gather},
};
use finops_ledger::event::{
    checkpoint::SignedCheckpoint,
    envelope::{Encoded, Stamp},
};
use serde_json::json;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

const ORIGIN: &str = "acme.example/prod";
const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";

/// Somewhere that several processes store a log.
pub(super) trait Place {
    fn has_tables(&self) -> bool;
    fn fates<T>(&self, look: impl FnOnce(&mut Fates) -> T) -> T;
    fn connect(&self, process: usize) -> Result<Box<dyn Backend>, StoreError>;
    /// Every process dies; what was not durable is gone, as far as chance wants it.
    fn power_loss(&mut self);
    fn keep(&mut self);
    fn restore(&mut self);
    /// Flips a bit of what is stored and says which.
    fn flip_a_bit(&mut self) -> Option<String>;
    fn drop_projections(&mut self);
}

/// What one caller wants recorded, under ids that stay the same however often it is sent.
pub(super) struct Wish {
    pub(super) events: Vec<Encoded>,
    /// How many copies of it are on their way.
    flying: usize,
    pub(super) granted: bool,
    refused: bool,
}

struct Writer {
    engine: Option<Engine>,
    process: usize,
    /// When a request arrives, and which.
    inbox: Vec<(u64, usize)>,
}

/// Which wish was answered how.
type Answers = Arc<Mutex<Vec<(usize, Result<Vec<Appended>, StoreError>)>>>;

pub(super) struct World<P> {
    pub(super) place: P,
    rng: Rng,
    pub(super) ring: Keyring,
    now_us: Arc<AtomicI64>,
    step: u64,
    writers: Vec<Writer>,
    pub(super) wishes: Vec<Wish>,
    answers: Answers,
    pub(super) acknowledged: BTreeMap<String, u64>,
    /// The checkpoints that were handed out.
    pub(super) notes: BTreeMap<u64, String>,
    items: usize,
    /// What happened, to be read when a seed fails.
    pub(super) trace: Vec<String>,
}

/// What a run proved wrong.
pub(super) type Verdict = Result<(), String>;

impl<P: Place> World<P> {
    pub(super) fn new(seed: u64, place: P) -> Self {
        ids_begin();
        let mut rng = Rng::new(seed ^ 0x0066_696e_6f70_7300);
        let writers = 2 + rng.below(7);
        let writer = |_| Writer { engine: None, process: usize::MAX, inbox: Vec::new() };
        Self {
            place,
            rng,
            ring: Keyring::from_secrets(SECRET, []).unwrap(),
            now_us: Arc::new(AtomicI64::new(1_773_480_413_589_793)),
            step: 0,
            writers: (0..writers).map(writer).collect(),
            wishes: Vec::new(),
            answers: Answers::default(),
            acknowledged: BTreeMap::new(),
            notes: BTreeMap::new(),
            items: 0,
            trace: Vec::new(),
        }
    }

    pub(super) fn options(&self, checkpoint_records: u64) -> Options {
        let now = Arc::clone(&self.now_us);
        Options {
            heartbeat_s: Some(600),
            checkpoint_records,
            clock: Arc::new(move || now.load(Ordering::Relaxed)),
            ..Options::new(ORIGIN)
        }
    }

    fn say(&mut self, text: String) {
        self.trace.push(format!("{:>4} {text}", self.step));
    }

    /// Lives through all of it, and then through a time in which nothing goes wrong any more.
    pub(super) fn run(&mut self, steps: u64) -> Verdict {
        while self.step < steps {
            self.step += 1;
            match self.rng.below(100) {
                0..30 => self.wish(),
                30..80 => self.turn()?,
                80..86 => self.wait()?,
                86..89 => self.sign()?,
                89..91 => self.refresh()?,
                91..92 => self.ratchet()?,
                92..93 => self.rebuild()?,
                93..95 => self.close()?,
                95..98 => self.kill(),
                _ => self.power_loss()?,
            }
        }
        self.calm()?;
        self.place.power_loss();
        self.let_go();
        self.inspect(true)
    }

    /// A new wish of a caller, or an old one sent again.
    fn wish(&mut self) {
        let open: Vec<usize> = (0..self.wishes.len()).filter(|at| !self.wishes[*at].granted).collect();
        let wish = if open.len() > 6 || (!open.is_empty() && self.rng.chance(300)) {
            open[self.rng.below(open.len())]
        } else {
            let count = if self.rng.chance(600) { 1 } else { 1 + self.rng.below(5) };
            let events = (0..count).map(|part| self.event(part)).collect();
            self.wishes.push(Wish { events, flying: 0, granted: false, refused: false });
            self.wishes.len() - 1
        };
        // Delivered twice now and then, to two writers even.
        for _ in 0..if self.rng.chance(200) { 2 } else { 1 } {
            self.send(wish, 6);
        }
    }

    fn send(&mut self, wish: usize, delay: usize) {
        let (to, due) = (self.rng.below(self.writers.len()), self.rng.below(delay + 1));
        self.writers[to].inbox.push((self.step + u64::try_from(due).unwrap(), wish));
        self.wishes[wish].flying += 1;
    }

    fn event(&mut self, part: usize) -> Encoded {
        let known = self.rng.below(self.items + 1);
        let of = json!({ "opportunity": format!("o{known}") });
        let (kind, data) = match self.rng.below(10) {
            0..4 => ("acme.thing", json!({ "text": "x".repeat(self.rng.below(40)) })),
            4..7 => {
                self.items += 1;
                let id = format!("o{}", self.items);
                let item =
                    json!({"id": id, "type": "idle_nodes", "resource": id, "estimated_monthly_savings": "1"});
                ("opportunity.detected", json!({ "opportunity": item }))
            }
            7 => ("opportunity.proposed", of),
            8 => ("opportunity.rejected", json!({ "opportunity": format!("o{known}"), "reason": "no" })),
            _ => {
                let team = format!("t{}", self.rng.below(3));
                let id = format!("d{}", self.rng.below(4));
                let data =
                    json!({"deployment_id": id, "environment": "prod", "outcome": "success", "team": team});
                ("deployment.recorded", data)
            }
        };
        let id = format!("w{}-{part}", self.wishes.len());
        let at = at_text(self.now_us.load(Ordering::Relaxed));
        let stamp = Stamp { id: &id, at: &at, actor: "svc:test" };
        Encoded::new(ORIGIN, &stamp, kind, &data).unwrap()
    }

    fn any_writer(&mut self) -> usize {
        self.rng.below(self.writers.len())
    }

    /// What a process answers may only be what the world did to it; that a log does not verify is our own doing.
    fn judge(&mut self, what: &str, error: &StoreError) -> Verdict {
        self.say(format!("{what}: {error}"));
        let fine = error.is_transient()
            || matches!(
                error.code(),
                "store.io" | "store.database" | "store.poisoned" | "store.locked" | "store.read_only"
            )
            || error.code().starts_with("ledger.opportunity.")
            || error.code().starts_with("ledger.savings.");
        if fine { Ok(()) } else { Err(format!("{what}: `{}`: {error}", error.code())) }
    }

    fn ends(error: &StoreError) -> bool {
        matches!(error.code(), "store.poisoned" | "store.read_only")
    }

    /// Opens the store of a writer whose process runs without one; starts the process if it must.
    fn up(&mut self, writer: usize) -> Result<bool, String> {
        if self.writers[writer].engine.is_some() {
            return Ok(true);
        }
        let process = self.place.fates(Fates::spawn);
        self.writers[writer].process = process;
        let checkpoints = 3 + u64::try_from(self.rng.below(12)).unwrap();
        let options = self.options(checkpoints);
        let opened = self.place.connect(process).and_then(|place| Engine::open(place, &self.ring, options));
        match opened {
            Ok(engine) => {
                if let Some(error) = &engine.report().error {
                    return Err(format!("writer {writer} opens for reading only: {error}"));
                }
                let size = engine.report().verification.size;
                self.say(format!("writer {writer} opens at {size}"));
                self.writers[writer].engine = Some(engine);
                Ok(true)
            }
            Err(error) => {
                self.judge(&format!("writer {writer} opens"), &error)?;
                Ok(false)
            }
        }
    }

    /// A writer drains what has arrived, as its thread does.
    fn turn(&mut self) -> Verdict {
        let writer = self.any_writer();
        self.drain(writer)
    }

    fn drain(&mut self, writer: usize) -> Verdict {
        if !self.up(writer)? {
            return Ok(());
        }
        let step = self.step;
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.writers[writer].inbox).into_iter().partition(|(at, _)| *at <= step);
        self.writers[writer].inbox = later;
        due.sort_by_key(|(at, _)| *at);
        let mut queue: VecDeque<Message> = VecDeque::new();
        for (_, wish) in due {
            self.wishes[wish].flying -= 1;
            let answers = Arc::clone(&self.answers);
            let reply = Reply::To(Box::new(move |answer| answers.lock().unwrap().push((wish, answer))));
            let request = Request { events: self.wishes[wish].events.clone(), extra: None, note: false };
            queue.push_back(Message::Append(Pending { request, reply }));
        }
        while let Some(Message::Append(first)) = queue.pop_front() {
            let (batch, carried) = gather(first, || queue.pop_front());
            carried.into_iter().for_each(|message| queue.push_front(message));
            let Some(engine) = self.writers[writer].engine.as_mut() else { break };
            engine.process(batch);
            self.hear(writer)?;
        }
        self.bury(writer);
        Ok(())
    }

    /// What callers hear: nothing of a dead process, and not every answer of a living one.
    fn hear(&mut self, writer: usize) -> Verdict {
        let dead = self.is_dead(writer);
        let answers = std::mem::take(&mut *self.answers.lock().unwrap());
        for (wish, answer) in answers {
            let lost = self.place.fates(|fates| fates.odds.error > 0) && self.rng.chance(30);
            if dead || lost {
                self.say(format!("writer {writer}: nobody hears what became of wish {wish}"));
                if answer.as_ref().is_err_and(Self::ends) {
                    self.writers[writer].engine = None;
                }
                continue;
            }
            match answer {
                Ok(appended) => self.grant(writer, wish, &appended)?,
                Err(error) => {
                    self.judge(&format!("writer {writer} refuses wish {wish}"), &error)?;
                    self.wishes[wish].refused = error.code().starts_with("ledger.");
                    if Self::ends(&error) {
                        self.writers[writer].engine = None;
                    }
                }
            }
        }
        Ok(())
    }

    fn grant(&mut self, writer: usize, wish: usize, appended: &[Appended]) -> Verdict {
        let seqs: Vec<u64> = appended.iter().map(|appended| appended.seq).collect();
        self.say(format!("writer {writer} grants wish {wish}: {seqs:?}"));
        let asked: Vec<&str> = self.wishes[wish].events.iter().map(Encoded::id).collect();
        let answered: Vec<&str> = appended.iter().map(|appended| appended.id.as_str()).collect();
        if asked != answered {
            return Err(format!("asked for {asked:?} and answered {answered:?}"));
        }
        self.wishes[wish].granted = true;
        for appended in appended {
            let before = self.acknowledged.insert(appended.id.clone(), appended.seq);
            if before.is_some_and(|before| before != appended.seq) {
                return Err(format!("{} was at {before:?} and is at {}", appended.id, appended.seq));
            }
        }
        Ok(())
    }

    fn is_dead(&self, writer: usize) -> bool {
        let process = self.writers[writer].process;
        process != usize::MAX && self.place.fates(|fates| fates.is_dead(process))
    }

    /// Lets go of what a dead process held: its memory, and what was sent to it.
    fn bury(&mut self, writer: usize) {
        if self.is_dead(writer) {
            self.say(format!("writer {writer} is dead"));
            let Writer { engine, inbox, .. } = &mut self.writers[writer];
            *engine = None;
            for (_, wish) in inbox.drain(..) {
                self.wishes[wish].flying -= 1;
            }
            self.writers[writer].process = usize::MAX;
        }
    }

    fn let_go(&mut self) {
        (0..self.writers.len()).for_each(|writer| self.bury(writer));
    }

    /// Does something with the engine of a writer; its process may die of it.
    fn with<T>(
        &mut self,
        writer: usize,
        what: &str,
        act: impl FnOnce(&mut Engine) -> Result<T, StoreError>,
    ) -> Result<Option<T>, String> {
        if !self.up(writer)? {
            return Ok(None);
        }
        let Some(engine) = self.writers[writer].engine.as_mut() else { return Ok(None) };
        let done = act(engine);
        let dead = self.is_dead(writer);
        let answer = match done {
            Ok(answer) if !dead => Some(answer),
            Ok(_) => None,
            Err(error) => {
                if Self::ends(&error) {
                    self.writers[writer].engine = None;
                }
                self.judge(&format!("writer {writer} {what}"), &error)?;
                None
            }
        };
        self.bury(writer);
        Ok(answer)
    }

    /// Time passes, at least for one writer.
    fn wait(&mut self) -> Verdict {
        let seconds = i64::try_from(self.rng.below(1500)).unwrap();
        self.now_us.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
        let writer = self.any_writer();
        self.with(writer, "looks at the clock", Engine::tick).map(|_| ())
    }

    fn sign(&mut self) -> Verdict {
        let writer = self.any_writer();
        if let Some(note) = self.with(writer, "signs", Engine::checkpoint)? {
            let size = SignedCheckpoint::parse(note.as_bytes()).unwrap().checkpoint.head.size;
            self.say(format!("writer {writer} signs {size}"));
            if self.notes.insert(size, note.clone()).is_some_and(|before| before != note) {
                return Err(format!("two checkpoints of size {size}"));
            }
        }
        Ok(())
    }

    fn refresh(&mut self) -> Verdict {
        let writer = self.any_writer();
        self.with(writer, "refreshes", Engine::refresh).map(|_| ())
    }

    fn ratchet(&mut self) -> Verdict {
        let (writer, id) = (self.any_writer(), crate::new_id());
        if let Some(appended) = self.with(writer, "ratchets", |engine| engine.ratchet(&id))? {
            self.acknowledged.insert(appended.id, appended.seq);
        }
        Ok(())
    }

    fn rebuild(&mut self) -> Verdict {
        let writer = self.any_writer();
        self.with(writer, "rebuilds", |engine| engine.rebuild(true)).map(|_| ())
    }

    fn close(&mut self) -> Verdict {
        let writer = self.any_writer();
        self.with(writer, "closes", Engine::close)?;
        self.end(writer);
        Ok(())
    }

    fn kill(&mut self) {
        let writer = self.any_writer();
        self.end(writer);
    }

    fn end(&mut self, writer: usize) {
        let process = self.writers[writer].process;
        if process != usize::MAX {
            self.place.fates(|fates| fates.kill(process));
        }
        self.bury(writer);
    }

    fn power_loss(&mut self) -> Verdict {
        self.say("power loss".to_owned());
        self.place.power_loss();
        self.let_go();
        self.inspect(false)?;
        if self.rng.chance(500) {
            self.place.keep();
            if let Some(what) = self.place.flip_a_bit() {
                self.say(format!("flips {what}"));
                self.must_notice(&what)?;
            }
            self.place.restore();
        }
        Ok(())
    }

    /// A changed bit is found when the log is opened.
    fn must_notice(&mut self, what: &str) -> Verdict {
        self.quietly(|world| {
            let process = world.place.fates(Fates::spawn);
            let options = Options { heartbeats: false, ..world.options(1000) };
            let opened =
                world.place.connect(process).and_then(|place| Engine::open(place, &world.ring, options));
            match opened {
                Ok(engine) if engine.report().error.is_none() && engine.report().torn_tail.is_none() => {
                    Err(format!("nobody noticed {what}"))
                }
                _ => Ok(()),
            }
        })
    }

    pub(super) fn quietly<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let odds = self.place.fates(|fates| std::mem::take(&mut fates.odds));
        let done = act(self);
        self.place.fates(|fates| fates.odds = odds);
        done
    }

    /// Nothing goes wrong any more: every wish is granted, or refused for good.
    fn calm(&mut self) -> Verdict {
        self.say("calm".to_owned());
        self.place.fates(|fates| fates.odds = Odds::default());
        for writer in 0..self.writers.len() {
            // One that holds the lock of a file steps aside.
            self.end(writer);
            for (_, wish) in std::mem::take(&mut self.writers[writer].inbox) {
                self.wishes[wish].flying -= 1;
            }
        }
        loop {
            let before = self.acknowledged.len();
            for wish in 0..self.wishes.len() {
                if self.wishes[wish].granted {
                    continue;
                }
                self.wishes[wish].refused = false;
                self.step += 1;
                let writer = self.any_writer();
                self.writers[writer].inbox.push((self.step, wish));
                self.wishes[wish].flying += 1;
                self.drain(writer)?;
                if !self.wishes[wish].granted && !self.wishes[wish].refused {
                    return Err(format!("wish {wish} is neither granted nor refused in calm weather"));
                }
                if !self.place.has_tables() {
                    self.end(writer);
                }
            }
            if self.acknowledged.len() == before {
                return Ok(());
            }
        }
    }

    /// How much happened: requests granted, and records.
    pub(super) fn granted(&self) -> usize {
        self.wishes.iter().filter(|wish| wish.granted).count()
    }
}
