//! The writer's thread: drains what waits into one transaction after another.

use crate::{
    StoreError,
    engine::{Engine, Pending},
};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};

/// The most events of one transaction (section 13 of the specification).
const BATCH_EVENTS: usize = 1000;
/// The most bytes of events of one transaction.
const BATCH_BYTES: usize = 4 << 20;
/// Something to do on the writer's thread.
pub(crate) type Task = Box<dyn FnOnce(&mut Engine) + Send>;

/// What callers send to the writer.
pub(crate) enum Message {
    Append(Pending),
    Do(Task),
    Close(SyncSender<Result<(), StoreError>>),
}

/// The writer's life: drains what waits into one transaction after another.
pub(crate) fn run(mut engine: Engine, receiver: &Receiver<Message>) {
    let mut carried: Option<Message> = None;
    loop {
        let message = match carried.take() {
            Some(message) => Ok(message),
            None => receiver.recv_timeout(engine.sleep()),
        };
        match message {
            Ok(Message::Append(first)) => {
                let batch;
                (batch, carried) = gather(first, || receiver.try_recv().ok());
                engine.process(batch);
            }
            Ok(Message::Do(task)) => task(&mut engine),
            Ok(Message::Close(sender)) => {
                let closed = engine.close();
                drop(engine);
                let _gone = sender.send(closed);
                return;
            }
            // What fails now is due again at the next sleep, and a caller hears of it at the next append.
            Err(RecvTimeoutError::Timeout) => {
                if engine.tick().is_err() {
                    std::thread::sleep(std::time::Duration::from_secs(1));
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Takes what waits behind a request into one transaction, without waiting; answers also what ended it and comes next.
pub(crate) fn gather(
    first: Pending,
    mut next: impl FnMut() -> Option<Message>,
) -> (Vec<Pending>, Option<Message>) {
    let (mut events, mut bytes) = weight(&first);
    let mut batch = vec![first];
    while events < BATCH_EVENTS && bytes < BATCH_BYTES {
        match next() {
            Some(Message::Append(next)) => {
                let (more_events, more_bytes) = weight(&next);
                events = events.saturating_add(more_events);
                bytes = bytes.saturating_add(more_bytes);
                batch.push(next);
            }
            other => return (batch, other),
        }
    }
    (batch, None)
}

fn weight(pending: &Pending) -> (usize, usize) {
    let events = &pending.request.events;
    (events.len(), events.iter().map(|event| event.bytes().len()).sum())
}
