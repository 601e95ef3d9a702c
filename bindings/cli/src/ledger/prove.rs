//! Proofs and receipts.

use super::place::{Place, failed};
use crate::{Answer, Failure, json};

#[derive(clap::Args)]
pub(crate) struct Prove {
    /// The record whose place is proved
    #[arg(required_unless_present = "from")]
    seq: Option<u64>,
    /// Prove instead that the first so many records begin the log
    #[arg(long, value_name = "SIZE", conflicts_with = "seq")]
    from: Option<u64>,
    /// In the log of so many records; in all of it unless given
    #[arg(long)]
    size: Option<u64>,
    #[command(flatten)]
    place: Place,
}

impl Prove {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.read()?;
        let proof = match (self.seq, self.from) {
            (_, Some(from)) => log.prove_consistency(from, self.size),
            (seq, None) => log.prove(seq.unwrap_or_default(), self.size),
        };
        Ok(Answer::yes(json(&proof.map_err(failed)?)))
    }
}

#[derive(clap::Args)]
pub(crate) struct Receipt {
    /// The record
    seq: u64,
    #[command(flatten)]
    place: Place,
}

impl Receipt {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let log = self.place.open()?;
        let receipt = log.receipt(self.seq).map_err(failed)?;
        log.close().map_err(failed)?;
        Ok(Answer::yes(receipt))
    }
}
