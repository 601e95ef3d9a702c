//! What must hold whatever happened.

use super::{
    chance::Fates,
    model::{self, Stored},
    world::{Place, Verdict, World},
};
use crate::{Options, StoreError, Table, engine::Engine, projection::Projector};
use finops_ledger::{event::envelope::EventView, savings::Entry};
use serde_json::Value;
use std::collections::BTreeMap;

impl<P: Place> World<P> {
    /// The oracles: acknowledged within stored, no id twice, the log verifies, projections equal the model.
    pub(super) fn inspect(&mut self, at_the_end: bool) -> Verdict {
        self.quietly(|world| {
            world.inspect_with(at_the_end)?;
            if !world.place.has_tables() {
                return Ok(());
            }
            // Whoever loses the projections has lost nothing.
            world.place.drop_projections();
            world.inspect_with(at_the_end)
        })
    }

    fn inspect_with(&mut self, at_the_end: bool) -> Verdict {
        let fail = |what: &str, error: &StoreError| format!("{what}: `{}`: {error}", error.code());
        let process = self.place.fates(Fates::spawn);
        let options = Options { heartbeats: false, ..self.options(1000) };
        let place = self.place.connect(process).map_err(|error| fail("cannot connect", &error))?;
        let mut engine =
            Engine::open(place, &self.ring, options).map_err(|error| fail("cannot open", &error))?;
        if let Some(error) = &engine.report().error {
            return Err(fail("opens for reading only", error));
        }
        let notes: Vec<Vec<u8>> = self.notes.values().map(|note| note.clone().into_bytes()).collect();
        let verified = engine.verify(&notes, &[]).map_err(|error| fail("cannot verify", &error))?;
        if let Some(error) = verified.error {
            return Err(format!(
                "`{}` at {:?} against the checkpoints handed out",
                error.code(),
                verified.seq
            ));
        }
        let kept = engine.checkpoints().map_err(|error| fail("cannot list", &error))?;
        if let Some((size, _)) =
            self.notes.iter().find(|(size, note)| !kept.iter().any(|k| k.0 == **size && &k.1 == *note))
        {
            return Err(format!("the checkpoint of {size} was handed out and is gone"));
        }
        let events = engine.events(None, u64::MAX).map_err(|error| fail("cannot read", &error))?;
        let mut ids: BTreeMap<&str, u64> = BTreeMap::new();
        let mut fold = Projector::new(None);
        let mut log = Vec::new();
        for event in &events {
            let view = EventView::parse(event.event.as_bytes()).map_err(|_| "no event".to_owned())?;
            if ids.insert(view.id, event.seq).is_some() {
                return Err(format!("{} is there twice", view.id));
            }
            fold.replay(&Entry::of_record(event.seq, &view)).map_err(|error| fail("cannot fold", &error))?;
            log.push(Stored { kind: view.kind.to_owned(), data: view.data() });
        }
        for (id, seq) in &self.acknowledged {
            if ids.get(id.as_str()) != Some(seq) {
                return Err(format!("{id} was acknowledged at {seq} and is at {:?}", ids.get(id.as_str())));
            }
        }
        for (at, wish) in self.wishes.iter().enumerate() {
            let there: Vec<bool> = wish.events.iter().map(|event| ids.contains_key(event.id())).collect();
            let whole = there.iter().all(|is| *is) || !there.iter().any(|is| *is);
            // A file cannot make several lines atomic: the first of them may be there.
            let beginning = !self.place.has_tables() && there.windows(2).all(|pair| pair[0] || !pair[1]);
            if !whole && !beginning {
                return Err(format!("wish {at} is there in part: {there:?}"));
            }
            if at_the_end && !wish.granted && there.iter().all(|is| *is) {
                return Err(format!("wish {at} was refused and is there"));
            }
        }
        for table in Table::PROJECTIONS {
            let rows = engine.rows(table).map_err(|error| fail("cannot read", &error))?;
            let expected: Vec<Value> = fold.rows(table).iter().map(|row| table.object(row)).collect();
            if rows != expected {
                return Err(format!("{} holds {rows:?} instead of {expected:?}", table.name()));
            }
            model::check(table, &rows, &log)?;
        }
        Ok(())
    }
}
