//! `vendors`: what we stand on, as the vendors' own status pages tell it.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::{Group, Sink, World};
use crate::config::Vendor;
use crate::domain::{Judgement, Source};
use crate::statuspage;

/// The group.
pub(super) const GROUP: Group = Group {
    sources: &[Source::Vendors],
    deadline: DEADLINE,
    owes: |world| world.config.vendors.iter().map(|v| (Source::Vendors, v.name.clone())).collect(),
    ask: |world, _, sink| ask(world, sink).boxed_local(),
};

const DEADLINE: Duration = Duration::from_secs(5);

async fn ask(world: &World, sink: Sink) {
    let begun = Instant::now();
    let sink = &sink;
    let asked = world.config.vendors.iter().map(|vendor| async move {
        let judgement = judgement(world, vendor).await;
        sink.check(judgement.check(Source::Vendors, &vendor.name, world.times(begun)));
    });
    join_all(asked).await;
}

async fn judgement(world: &World, vendor: &Vendor) -> Judgement {
    match statuspage::read(world.http(), &vendor.url, world.deadline(DEADLINE)).await {
        Ok(summary) => statuspage::judge(vendor, &summary),
        Err(error) => statuspage::unreadable(vendor, &error),
    }
}
