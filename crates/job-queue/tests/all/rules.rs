//! The table's rules, on every database.

use std::time::Duration;

use chrono::TimeDelta;
use clock::{Clock, SystemClock};
use job_queue::{
    Depth, LeaseState, NewJob, Outcome, cancel, confirm, database_time, depth, depth_of_lane, enqueue,
    enqueue_all, finish, live, parked, pull_back, release, renew, wake,
};
use sea_orm::TransactionTrait;

use crate::test_queue::{TestQueue, job, queues, start};

#[tokio::test]
async fn a_second_request_joins_the_idle_job_and_moves_it_forward() {
    for queue in queues().await {
        let later = NewJob { run_at: start() + TimeDelta::hours(1), ..job("a", "1") };
        let first = queue.enqueue(later).await;
        let second = queue.enqueue(job("a", "1")).await;
        let third = queue.enqueue(NewJob { run_at: start() + TimeDelta::days(1), ..job("a", "1") }).await;

        assert!(!first.joined && second.joined && third.joined, "{}", queue.name);
        assert_eq!((first.id, first.id), (second.id, third.id));
        let status = live(&queue.db, "refresh", "1").await.unwrap().unwrap();
        assert_eq!(status.run_at, Some(start()));
        assert!(!status.running);
    }
}

#[tokio::test]
async fn a_job_rolls_back_with_the_transaction_that_causes_it() {
    for queue in queues().await {
        let transaction = queue.db.begin().await.unwrap();
        enqueue(&transaction, job("a", "1"), start()).await.unwrap();
        transaction.rollback().await.unwrap();

        assert_eq!(live(&queue.db, "refresh", "1").await.unwrap(), None, "{}", queue.name);
    }
}

#[tokio::test]
async fn many_requests_at_once_count_the_new_ones() {
    for queue in queues().await {
        queue.enqueue(job("a", "7")).await;
        let many = (0..1_200).map(|number| job("a", &number.to_string()));
        let twice = many.clone().chain(many);

        let new = enqueue_all(&queue.db, twice, start()).await.unwrap();

        assert_eq!(new, 1_199, "{}", queue.name);
        assert_eq!(depth(&queue.db, start()).await.unwrap().due, 1_200);
    }
}

#[tokio::test]
async fn a_finished_job_is_gone() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;

        assert_eq!(queue.finish(&leased, Outcome::Done).await, LeaseState::Held, "{}", queue.name);

        assert_eq!(live(&queue.db, "refresh", "1").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_running_job_that_is_asked_for_runs_once_more() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;
        assert!(queue.enqueue(job("a", "1")).await.joined);
        assert!(queue.enqueue(job("a", "1")).await.joined);
        assert!(queue.claim(5, start()).await.is_empty(), "it is not claimed while it runs");

        let _ = queue.finish(&leased, Outcome::Done).await;
        let again = queue.claim_one().await;
        let _ = queue.finish(&again, Outcome::Done).await;

        assert_eq!(again.attempts, 0, "{}", queue.name);
        assert_eq!(live(&queue.db, "refresh", "1").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_job_that_asks_for_itself_later_runs_later() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;
        let next = start() + TimeDelta::minutes(5);
        queue.enqueue(NewJob { run_at: next, ..job("a", "1") }).await;

        let _ = queue.finish(&leased, Outcome::Done).await;

        assert!(queue.claim(5, start()).await.is_empty(), "{}", queue.name);
        assert_eq!(queue.claim(5, next).await.len(), 1);
    }
}

#[tokio::test]
async fn a_retry_counts_an_attempt_and_a_wait_does_not() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let at = start() + TimeDelta::seconds(30);

        let leased = queue.claim_one().await;
        let _ = queue.finish(&leased, Outcome::RetryAt { at, error: "timeout".into() }).await;
        assert!(queue.claim(5, start()).await.is_empty());
        let leased = queue.claim(5, at).await.remove(0);
        let _ = queue.finish(&leased, Outcome::WaitUntil { at, reason: "rate limit".into() }).await;

        let status = live(&queue.db, "refresh", "1").await.unwrap().unwrap();
        assert_eq!((leased.attempts, status.attempts), (1, 1), "{}", queue.name);
        assert_eq!((status.run_at, status.last_error.as_deref()), (Some(at), Some("rate limit")));
    }
}

#[tokio::test]
async fn what_was_asked_while_a_job_ran_is_not_put_off_because_it_failed() {
    let (soon, late) = (start() + TimeDelta::seconds(30), start() + TimeDelta::hours(6));
    let asked = |run_at| NewJob { run_at, ..job("a", "1") };
    for queue in queues().await {
        for (requested, next, expected) in [(start(), late, start()), (late, soon, soon)] {
            let retry = Outcome::RetryAt { at: next, error: "no answer".into() };
            let wait = Outcome::WaitUntil { at: next, reason: "rate limit".into() };
            for outcome in [retry, wait] {
                queue.enqueue(asked(start())).await;
                let leased = queue.claim_one().await;
                queue.enqueue(asked(requested)).await;

                let _ = queue.finish(&leased, outcome.clone()).await;

                let status = live(&queue.db, "refresh", "1").await.unwrap().unwrap();
                assert_eq!(status.run_at, Some(expected), "{} {outcome:?}", queue.name);
                cancel(&queue.db, "refresh", "1").await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_parked_job_sleeps_until_its_cause_is_named() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;
        let retry = Outcome::RetryAt { at: start(), error: "timeout".into() };
        let _ = queue.finish(&leased, retry).await;
        let leased = queue.claim_one().await;
        let _ = queue.finish(&leased, park("sku:RED", None)).await;

        assert!(queue.claim(5, start() + TimeDelta::days(400)).await.is_empty(), "{}", queue.name);
        let status = live(&queue.db, "refresh", "1").await.unwrap().unwrap();
        assert_eq!((status.run_at, status.parked_cause.as_deref()), (None, Some("sku:RED")));
        assert_eq!(parked(&queue.db, "sku:RED").await.unwrap()[0].subject, "1");
        assert_eq!(wake(&queue.db, "sku:BLUE", start()).await.unwrap(), 0);
        assert_eq!(wake(&queue.db, "sku:RED", start()).await.unwrap(), 1);
        assert_eq!(queue.claim_one().await.attempts, 0);
    }
}

#[tokio::test]
async fn a_parked_job_is_woken_by_a_request_and_looks_again_at_its_time() {
    for queue in queues().await {
        let look_again = start() + TimeDelta::hours(6);
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;
        let _ = queue.finish(&leased, park("sku:RED", Some(look_again))).await;

        assert!(queue.claim(5, start()).await.is_empty(), "{}", queue.name);
        let leased = queue.claim(5, look_again).await.remove(0);
        let _ = queue.finish(&leased, park("sku:RED", None)).await;
        queue.enqueue(job("a", "1")).await;

        assert_eq!(queue.claim(5, start()).await.len(), 1);
    }
}

#[tokio::test]
async fn a_cause_that_vanishes_while_the_job_runs_is_not_slept_through() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;
        wake(&queue.db, "sku:RED", start()).await.unwrap();

        let _ = queue.finish(&leased, park("sku:RED", None)).await;
        let again = queue.claim_one().await;
        let _ = queue.finish(&again, park("sku:RED", None)).await;

        assert!(queue.claim(5, start()).await.is_empty(), "{}: nothing woke it the second time", queue.name);
    }
}

#[tokio::test]
async fn whoever_wakes_holds_no_job_while_it_waits_for_another() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        queue.enqueue(job("a", "2")).await;
        let running = queue.claim(2, start()).await;
        let transaction = queue.db.begin().await.unwrap();
        assert_eq!(confirm(&transaction, &running[1]).await.unwrap(), LeaseState::Held);
        let db = queue.db.clone();
        let waking = tokio::spawn(async move { wake(&db, "sku:RED", start()).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waking.is_finished(), "{}: one of them is held", queue.name);

        assert_eq!(confirm(&transaction, &running[0]).await.unwrap(), LeaseState::Held, "{}", queue.name);
        transaction.commit().await.unwrap();
        waking.await.unwrap().unwrap();

        for leased in &running {
            let _ = queue.finish(leased, park("sku:RED", None)).await;
        }
        assert_eq!(queue.claim(5, start()).await.len(), 2, "{}: both look once more", queue.name);
    }
}

#[tokio::test]
async fn an_expired_lease_is_claimed_again_and_the_late_result_is_refused() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let crashed = queue.claim_one().await;
        queue.age_leases(Duration::from_secs(61)).await;
        let successor = queue.claim_one().await;

        assert!(successor.fence > crashed.fence, "{}", queue.name);
        assert_eq!(queue.finish(&crashed, Outcome::Done).await, LeaseState::Lost);
        assert_eq!(renew(&queue.db, &crashed, queue.lease).await.unwrap(), LeaseState::Lost);
        assert!(live(&queue.db, "refresh", "1").await.unwrap().unwrap().running);
        assert_eq!(queue.finish(&successor, Outcome::Done).await, LeaseState::Held);
    }
}

#[tokio::test]
async fn a_renewed_lease_is_not_claimed() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;

        queue.age_leases(Duration::from_secs(59)).await;
        assert_eq!(renew(&queue.db, &leased, queue.lease).await.unwrap(), LeaseState::Held);
        queue.age_leases(Duration::from_secs(50)).await;

        assert!(queue.claim(5, start()).await.is_empty(), "{}", queue.name);
    }
}

#[tokio::test]
async fn a_lease_does_not_depend_on_the_clocks_of_the_processes() {
    for queue in queues().await {
        for offset in [TimeDelta::zero(), TimeDelta::minutes(10), TimeDelta::days(400)] {
            let subject = offset.to_string();
            queue.enqueue(job("a", &subject)).await;
            let leased = queue.claim(1, start()).await.remove(0);

            assert!(queue.claim(1, start() + offset).await.is_empty(), "{} {offset}", queue.name);
            assert_eq!(depth(&queue.db, start() + offset).await.unwrap().due, 0);
            let _ = queue.finish(&leased, Outcome::Done).await;

            queue.enqueue(job("a", &subject)).await;
            let leased = queue.claim(1, start() + offset).await.remove(0);
            queue.age_leases(Duration::from_secs(61)).await;
            let successor = queue.claim(1, start()).await.remove(0);
            assert!(successor.fence > leased.fence, "a clock that is ahead makes no lease longer");
            let _ = queue.finish(&successor, Outcome::Done).await;
        }
    }
}

#[tokio::test]
async fn a_job_of_a_process_that_is_ahead_waits_as_long_as_it_is_ahead_and_no_longer() {
    for queue in queues().await {
        let ahead = start() + TimeDelta::minutes(10);
        enqueue(&queue.db, NewJob { run_at: ahead, ..job("a", "1") }, ahead).await.unwrap();

        assert!(queue.claim(1, ahead - TimeDelta::seconds(1)).await.is_empty(), "{}", queue.name);
        let leased = queue.claim(1, ahead).await.remove(0);

        // Asked for by one that is behind, while one that is ahead runs it: it runs once more, at once for both.
        queue.enqueue(job("a", "1")).await;
        let _ = queue.finish(&leased, Outcome::Done).await;
        assert_eq!(queue.claim(1, start()).await.len(), 1, "{}", queue.name);
    }
}

#[tokio::test]
async fn a_job_that_is_confirmed_is_not_taken_over_before_the_transaction_ends() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;
        queue.age_leases(Duration::from_secs(61)).await;
        let transaction = queue.db.begin().await.unwrap();
        assert_eq!(confirm(&transaction, &leased).await.unwrap(), LeaseState::Held);
        let other = TestQueue::clone(&queue);
        let claimed = tokio::spawn(async move { other.claim(1, start()).await });
        if queue.name == "postgres" {
            assert!(claimed.await.unwrap().is_empty());
        }
        transaction.commit().await.unwrap();

        let _successor = queue.claim(1, start()).await;
        assert_eq!(confirm(&queue.db, &leased).await.unwrap(), LeaseState::Lost, "{}", queue.name);
    }
}

#[tokio::test]
async fn both_databases_tell_their_time() {
    for queue in queues().await {
        let skew = database_time(&queue.db).await.unwrap() - SystemClock.now();

        assert!(skew.abs() < TimeDelta::seconds(5), "{}: {skew}", queue.name);
    }
}

#[tokio::test]
async fn released_jobs_run_at_once_without_an_attempt_counted() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;

        assert_eq!(release(&queue.db, "worker").await.unwrap(), 1, "{}", queue.name);

        assert_eq!(queue.finish(&leased, Outcome::Done).await, LeaseState::Lost);
        assert_eq!(queue.claim_one().await.attempts, 0);
    }
}

#[tokio::test]
async fn lanes_take_turns_and_the_busiest_waits() {
    for queue in queues().await {
        let backlog = (0..50).map(|number| job("big", &format!("big {number}")));
        enqueue_all(&queue.db, backlog, start()).await.unwrap();
        let late = start() + TimeDelta::seconds(10);
        enqueue_all(&queue.db, [job("small", "s1"), job("small", "s2")], late).await.unwrap();

        let lanes: Vec<_> = queue.claim(4, late).await.into_iter().map(|job| job.lane).collect();
        assert_eq!(lanes.iter().filter(|lane| *lane == "small").count(), 2, "{}: {lanes:?}", queue.name);

        // Two of each run now; with a third small one it is the small lane's turn as much as the big one's.
        enqueue_all(&queue.db, [job("tiny", "t1")], late).await.unwrap();
        assert_eq!(queue.claim(1, late).await[0].lane, "tiny", "nothing of this lane runs yet");
    }
}

#[tokio::test]
async fn a_lane_never_takes_more_places_than_it_may_have() {
    for queue in queues().await {
        for number in 0..20 {
            queue.enqueue(job("hangs", &format!("h{number}"))).await;
        }
        for number in 0..3 {
            queue.enqueue(job("goes on", &format!("g{number}"))).await;
        }
        let late = start() + TimeDelta::minutes(1);
        let lanes = |claimed: Vec<job_queue::Leased>| {
            let count = |lane: &str| claimed.iter().filter(|job| job.lane == lane).count();
            (count("hangs"), count("goes on"))
        };

        assert_eq!(lanes(queue.claim_at_most(10, 4, late, "").await), (4, 3), "{}", queue.name);
        queue.enqueue(job("goes on", "g9")).await;
        assert_eq!(lanes(queue.claim_at_most(10, 4, late, "").await), (0, 1), "{}", queue.name);
        queue.age_leases(queue.lease).await;
        assert_eq!(lanes(queue.claim_at_most(10, 4, late, "").await), (4, 4), "{}", queue.name);
    }
}

#[tokio::test]
async fn with_one_slot_the_lanes_still_take_turns() {
    for queue in queues().await {
        let jobs = ["a", "b", "c"]
            .into_iter()
            .flat_map(|lane| (0..3).map(move |n| job(lane, &format!("{lane}{n}"))));
        enqueue_all(&queue.db, jobs, start()).await.unwrap();

        let mut served = String::new();
        let mut last = String::new();
        while let Some(leased) = queue.claim_after(1, start(), &last).await.pop() {
            let _ = queue.finish(&leased, Outcome::Done).await;
            served.push_str(&leased.lane);
            last = leased.lane;
        }

        assert_eq!(served, "abcabcabc", "{}", queue.name);
    }
}

#[tokio::test]
async fn within_a_lane_priority_comes_before_time() {
    for queue in queues().await {
        let early = NewJob { run_at: start() - TimeDelta::hours(1), ..job("a", "early") };
        let urgent = NewJob { priority: 5, ..job("a", "urgent") };
        let far = NewJob { priority: 9, run_at: start() + TimeDelta::hours(1), ..job("a", "not due") };
        enqueue_all(&queue.db, [job("a", "ordinary"), early, urgent, far], start()).await.unwrap();

        let order: Vec<_> = queue.claim(10, start()).await.into_iter().map(|job| job.subject).collect();

        assert_eq!(order, ["urgent", "early", "ordinary"], "{}", queue.name);
    }
}

#[tokio::test]
async fn only_the_kinds_asked_for_are_claimed() {
    for queue in queues().await {
        let export = NewJob { kind: "export", ..job("a", "1") };
        enqueue_all(&queue.db, [job("a", "1"), export], start()).await.unwrap();

        let claimed = queue.claim_kinds(&["export", "purge"]).await;

        assert_eq!(claimed.len(), 1, "{}", queue.name);
        assert_eq!(claimed[0].kind, "export");
    }
}

#[tokio::test]
async fn depth_tells_what_waits_and_since_when() {
    for queue in queues().await {
        let oldest = start() - TimeDelta::minutes(3);
        let jobs = [
            NewJob { run_at: oldest, ..job("a", "1") },
            job("a", "2"),
            NewJob { run_at: start() + TimeDelta::minutes(1), ..job("a", "3") },
            NewJob { run_at: start() + TimeDelta::minutes(1), ..job("b", "4") },
        ];
        enqueue_all(&queue.db, jobs, start()).await.unwrap();
        let of_lane = async |lane| depth_of_lane(&queue.db, lane, start()).await.unwrap();
        assert_eq!(depth(&queue.db, start()).await.unwrap().oldest_due_at, Some(oldest), "{}", queue.name);
        assert_eq!(of_lane("a").await, Depth { due: 2, oldest_due_at: Some(oldest) }, "{}", queue.name);
        assert_eq!(of_lane("b").await, Depth { due: 0, oldest_due_at: None }, "{}", queue.name);

        queue.claim_one().await;

        assert_eq!(depth(&queue.db, start()).await.unwrap().due, 1);
        let waits = Depth { due: 1, oldest_due_at: Some(start()) };
        assert_eq!(of_lane("a").await, waits, "what runs no longer waits");
    }
}

#[tokio::test]
async fn a_cancelled_job_is_gone_and_its_worker_learns_so() {
    for queue in queues().await {
        queue.enqueue(job("a", "1")).await;
        let leased = queue.claim_one().await;

        assert!(cancel(&queue.db, "refresh", "1").await.unwrap(), "{}", queue.name);

        assert!(!cancel(&queue.db, "refresh", "1").await.unwrap());
        assert_eq!(queue.finish(&leased, Outcome::Done).await, LeaseState::Lost);
    }
}

#[tokio::test]
async fn two_workers_never_hold_the_same_job() {
    for queue in queues().await {
        let jobs = (0..400).map(|number| job(["a", "b", "c"][number % 3], &number.to_string()));
        enqueue_all(&queue.db, jobs, start()).await.unwrap();

        let workers = (0..4).map(|_| {
            let queue = TestQueue::clone(&queue);
            tokio::spawn(async move {
                let mut subjects = Vec::new();
                loop {
                    let claimed = queue.claim(7, start()).await;
                    if claimed.is_empty() && depth(&queue.db, start()).await.unwrap().due == 0 {
                        return subjects;
                    }
                    for leased in claimed {
                        assert_eq!(queue.finish(&leased, Outcome::Done).await, LeaseState::Held);
                        subjects.push(leased.subject);
                    }
                }
            })
        });
        let mut subjects = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            subjects.extend(worker.await.unwrap());
        }

        subjects.sort();
        let claimed = subjects.len();
        subjects.dedup();
        assert_eq!((claimed, subjects.len()), (400, 400), "{}", queue.name);
    }
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_put_off_is_pulled_back() {
    let most = TimeDelta::seconds(30);
    for queue in queues().await {
        let wrong = start() + TimeDelta::hours(2);
        let timed = |subject: &str, run_at| NewJob { run_at, ..job("a", subject) };
        let run_at = async |subject: &str| live(&queue.db, "refresh", subject).await.unwrap().unwrap().run_at;
        // By a right clock: tomorrow. By a wrong one: at once, in a minute, and once more after the run that goes on.
        let tomorrow = start() + TimeDelta::days(1);
        enqueue(&queue.db, timed("tomorrow", tomorrow), start()).await.unwrap();
        enqueue(&queue.db, timed("again", start()), start()).await.unwrap();
        let running = queue.claim_one().await;
        enqueue(&queue.db, timed("again", wrong), wrong).await.unwrap();
        enqueue(&queue.db, timed("new", wrong), wrong).await.unwrap();
        enqueue(&queue.db, timed("retried", start()), start()).await.unwrap();
        let retried = queue.claim_one().await;
        let retry = Outcome::RetryAt { at: wrong + TimeDelta::minutes(1), error: "no answer".into() };
        assert_eq!(finish(&queue.db, &retried, retry, wrong).await.unwrap(), LeaseState::Held);
        // Its own clock is right: what it writes hides nothing of the other's.
        let cause = Outcome::Park { cause: "sku".into(), error: "missing".into(), at: None };
        assert_eq!(queue.finish(&running, cause).await, LeaseState::Held);

        assert_eq!(pull_back(&queue.db, most, start()).await.unwrap(), 3, "{}", queue.name);

        for subject in ["again", "new", "retried"] {
            assert_eq!(run_at(subject).await, Some(start()), "{} {subject}", queue.name);
        }
        assert_eq!(run_at("tomorrow").await, Some(tomorrow), "{}", queue.name);
        assert_eq!(pull_back(&queue.db, most, start()).await.unwrap(), 0, "{}: once is enough", queue.name);
        assert_eq!(pull_back(&queue.db, most, start() - most).await.unwrap(), 0, "{}: a little", queue.name);
    }
}

fn park(cause: &str, at: Option<chrono::DateTime<chrono::Utc>>) -> Outcome {
    Outcome::Park { cause: cause.into(), error: "missing".into(), at }
}
