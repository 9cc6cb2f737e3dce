//! A queue on an empty table of each database.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use job_queue::{
    Claim, Enqueued, LeaseState, Leased, NewJob, Outcome, add_timed_at, claim, create_table, enqueue, finish,
};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use test_database::{TestDatabase, databases};

#[derive(Debug, Clone)]
pub struct TestQueue {
    pub name: &'static str,
    pub db: DatabaseConnection,
    pub lease: Duration,
    _database: Arc<TestDatabase>,
}

pub async fn queues() -> Vec<TestQueue> {
    let mut queues = Vec::new();
    for database in databases().await {
        let db = database.connect().await;
        let table = create_table(db.get_database_backend()).into_iter();
        for statement in table.chain(add_timed_at().map(str::to_owned)) {
            db.execute_unprepared(&statement).await.unwrap();
        }
        let lease = Duration::from_secs(60);
        queues.push(TestQueue { name: database.name, db, lease, _database: Arc::new(database) });
    }
    queues
}

pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub fn job(lane: &str, subject: &str) -> NewJob {
    NewJob {
        kind: "refresh",
        subject: subject.into(),
        lane: lane.into(),
        payload: serde_json::json!({ "subject": subject }),
        priority: 0,
        run_at: start(),
    }
}

impl TestQueue {
    pub async fn enqueue(&self, job: NewJob) -> Enqueued {
        enqueue(&self.db, job, start()).await.unwrap()
    }

    pub async fn claim_one(&self) -> Leased {
        let mut claimed = self.claim(1, start()).await;
        assert_eq!(claimed.len(), 1, "{}: one job is due", self.name);
        claimed.remove(0)
    }

    pub async fn claim(&self, limit: u32, now: DateTime<Utc>) -> Vec<Leased> {
        self.claim_after(limit, now, "").await
    }

    pub async fn claim_after(&self, limit: u32, now: DateTime<Utc>, after_lane: &str) -> Vec<Leased> {
        self.claim_at_most(limit, u32::MAX, now, after_lane).await
    }

    pub async fn claim_at_most(
        &self,
        limit: u32,
        lane_limit: u32,
        now: DateTime<Utc>,
        after_lane: &str,
    ) -> Vec<Leased> {
        let lease = self.lease;
        let request = Claim { owner: "worker", kinds: &[], limit, lane_limit, lease, after_lane };
        claim(&self.db, &request, now).await.unwrap()
    }

    pub async fn claim_kinds(&self, kinds: &[&str]) -> Vec<Leased> {
        let (lane_limit, lease) = (u32::MAX, self.lease);
        let request = Claim { owner: "worker", kinds, limit: 10, lane_limit, lease, after_lane: "" };
        claim(&self.db, &request, start()).await.unwrap()
    }

    /// Lets the leases grow older, as time on the database's clock would.
    pub async fn age_leases(&self, by: Duration) {
        let sql = format!("UPDATE jobs SET lease_until = lease_until - {}", by.as_millis());
        self.db.execute_unprepared(&sql).await.unwrap();
    }

    pub async fn finish(&self, leased: &Leased, outcome: Outcome) -> LeaseState {
        finish(&self.db, leased, outcome, start()).await.unwrap()
    }
}
