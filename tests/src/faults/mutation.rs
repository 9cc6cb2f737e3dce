//! Breaks orderbridge on purpose, in its database, so that its program stays as it is: the lab must notice.

use std::fmt;

use anyhow::Result;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use test_database::TestDatabase;

use super::FaultReport;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mutation {
    /// What was asked of the store is forgotten as soon as it is written down.
    IntentForgotten,
    /// Nothing keeps a second row of one order out.
    UniqueKeyDropped,
    /// A lease ends the moment it is taken, and its fence never rises.
    LeaseNotKept,
}

impl Mutation {
    pub const ALL: [Self; 3] = [Self::IntentForgotten, Self::UniqueKeyDropped, Self::LeaseNotKept];

    /// Whether it shows only where several processes meet.
    #[must_use]
    pub const fn needs_postgres(self) -> bool {
        !matches!(self, Self::IntentForgotten)
    }

    /// Whether a run has noticed just what this breaks.
    #[must_use]
    pub fn is_noticed_in(self, report: &FaultReport) -> bool {
        let complained = |of: &str| report.complaints.iter().any(|complaint| complaint.ends_with(of));
        match self {
            Self::IntentForgotten => report.comparison.duplicates > 0,
            Self::UniqueKeyDropped => complained(" rows"),
            Self::LeaseNotKept => complained(" orders at once"),
        }
    }

    /// What makes the difference visible; a sound orderbridge bears it.
    pub(super) async fn burden(self, database: &TestDatabase) -> Result<()> {
        if self == Self::UniqueKeyDropped {
            // Two workers read every order at the same time.
            let twins = "CREATE FUNCTION twin() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO jobs (kind, subject, lane, payload, priority, run_at, created_at)
                    VALUES (NEW.kind, NEW.subject || ' twin', NEW.lane, NEW.payload, NEW.priority, NEW.run_at,
                            NEW.created_at)
                    ON CONFLICT (kind, subject) DO NOTHING;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER twin AFTER INSERT ON jobs FOR EACH ROW
                    WHEN (NEW.kind = 'refresh_order' AND NEW.subject NOT LIKE '% twin') EXECUTE FUNCTION twin()";
            execute(database, twins).await?;
        }
        Ok(())
    }

    pub(super) async fn apply(self, database: &TestDatabase) -> Result<()> {
        let postgres = database.name == "postgres";
        let sql = match self {
            Self::IntentForgotten if postgres => {
                "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    NEW.step := 'started'; NEW.cart_id := NULL; NEW.posted_at := NULL; RETURN NEW;
                 END $$;
                 CREATE TRIGGER forget BEFORE INSERT OR UPDATE ON import_intents FOR EACH ROW
                    WHEN (NEW.step = 'posting') EXECUTE FUNCTION forget()"
            }
            Self::IntentForgotten => {
                "CREATE TRIGGER forget AFTER UPDATE ON import_intents WHEN NEW.step = 'posting' BEGIN
                    UPDATE import_intents SET step = 'started', cart_id = NULL, posted_at = NULL
                    WHERE order_id = NEW.order_id;
                 END"
            }
            Self::UniqueKeyDropped => "ALTER TABLE orders DROP CONSTRAINT orders_tiktok_order_id",
            Self::LeaseNotKept => {
                "CREATE FUNCTION end_at_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    NEW.until := 0; NEW.fence := 1; RETURN NEW;
                 END $$;
                 CREATE TRIGGER end_at_once BEFORE INSERT OR UPDATE ON leases FOR EACH ROW
                    WHEN (NEW.name LIKE 'store-orders:%') EXECUTE FUNCTION end_at_once()"
            }
        };
        execute(database, sql).await
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IntentForgotten => "intent-forgotten",
            Self::UniqueKeyDropped => "unique-key-dropped",
            Self::LeaseNotKept => "lease-not-kept",
        })
    }
}

async fn execute(database: &TestDatabase, sql: &str) -> Result<()> {
    let connection: DatabaseConnection = database.connect().await;
    connection.execute_unprepared(sql).await?;
    connection.close().await?;
    Ok(())
}
