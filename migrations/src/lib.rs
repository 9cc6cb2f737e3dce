#![doc = include_str!("../README.md")]

use sea_orm_migration::prelude::*;

mod dialect;
mod m20261123_000001_people;
mod m20261123_000002_connections;
mod m20261123_000003_orders;
mod m20261123_000004_work;
mod m20261123_000005_counts_and_search;
mod m20261123_000006_actions;
mod m20261128_000007_attempts;
mod m20261128_000008_hold_and_access;
mod m20261128_000009_resilience;
mod m20261128_000010_people_and_keys;
mod m20261128_000011_audit;
mod m20261128_000012_webhooks;
mod m20261128_000013_exports;
mod m20261129_000014_indexes;
mod m20261129_000015_timed_jobs;
mod m20261129_000016_compared_amounts;
mod m20261129_000017_canceling;
mod m20261129_000018_locations;
mod m20261129_000019_assignees;
mod m20261129_000020_previous_recipients;
mod m20261129_000021_timed_breakers;

/// All changes of the schema, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_people::Migration),
            Box::new(m20261123_000002_connections::Migration),
            Box::new(m20261123_000003_orders::Migration),
            Box::new(m20261123_000004_work::Migration),
            Box::new(m20261123_000005_counts_and_search::Migration),
            Box::new(m20261123_000006_actions::Migration),
            Box::new(m20261128_000007_attempts::Migration),
            Box::new(m20261128_000008_hold_and_access::Migration),
            Box::new(m20261128_000010_people_and_keys::Migration),
            Box::new(m20261128_000011_audit::Migration),
            Box::new(m20261128_000009_resilience::Migration),
            Box::new(m20261128_000012_webhooks::Migration),
            Box::new(m20261128_000013_exports::Migration),
            Box::new(m20261129_000014_indexes::Migration),
            Box::new(m20261129_000015_timed_jobs::Migration),
            Box::new(m20261129_000016_compared_amounts::Migration),
            Box::new(m20261129_000017_canceling::Migration),
            Box::new(m20261129_000018_locations::Migration),
            Box::new(m20261129_000019_assignees::Migration),
            Box::new(m20261129_000020_previous_recipients::Migration),
            Box::new(m20261129_000021_timed_breakers::Migration),
        ]
    }
}
