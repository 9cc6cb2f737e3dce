//! Returns: asked for by connectors, but none ever happens here, so the list is always empty.

use super::answer::Answer;
use super::call::Call;
use super::paging::{self, PageRules, TimeRanges};
use super::world::World;

const PAGES: PageRules = PageRules {
    default_size: Some(10),
    most: 50,
    too_large_code: 98_001_004,
    default_order: paging::Order::Ascending,
    sort_fields: &["create_time", "update_time"],
};

/// `POST /return_refund/{version}/returns/search`.
pub fn search(world: &mut World, call: &Call) -> Answer {
    TimeRanges::of(call)?;
    let page = paging::page(call, &PAGES, std::iter::empty(), world.requests, &world.switches)?;
    Ok(page.answer("return_orders", Vec::new()))
}
