//! Rules that hold for every input: tried on all there are where they are few, and on many seeded ones where not.

#[cfg(test)]
mod actions {
    use shared::{
        ActionFacts, ActionKind, ChannelStatus, FulfillmentType, ImportState, action_refusal, allowed_actions,
    };

    /// What must never be allowed of these facts.
    fn forbidden(facts: &ActionFacts<'_>) -> Vec<ActionKind> {
        use ActionKind::{
            AcceptCancellation, Adopt, Archive, Cancel, CorrectShipping, FetchLabel, Heal, Import,
            MarkHandled, RejectCancellation, ResendShipping, Restore, Ship, Skip, Unskip,
        };
        let shipping = [Ship, ResendShipping, CorrectShipping, FetchLabel];
        let mut forbidden = Vec::new();
        match facts.channel_status {
            ChannelStatus::Cancelled => {
                forbidden.extend(shipping);
                forbidden.extend([Cancel, Import, AcceptCancellation, RejectCancellation]);
            }
            ChannelStatus::Unpaid | ChannelStatus::OnHold => {
                forbidden.extend(shipping);
                forbidden.push(Import);
            }
            ChannelStatus::InTransit | ChannelStatus::Delivered | ChannelStatus::Completed => {
                forbidden.extend([Ship, ResendShipping, FetchLabel, Cancel]);
            }
            ChannelStatus::Other(_) => {
                forbidden.extend([Ship, ResendShipping, CorrectShipping, Import, Cancel])
            }
            _ => {}
        }
        let in_the_store = facts.import_state == ImportState::Imported && !facts.store_deleted;
        if in_the_store || facts.import_state == ImportState::Importing {
            forbidden.extend([Import, Adopt, Skip]);
        }
        if facts.fulfillment_type == FulfillmentType::TikTok {
            forbidden.extend(shipping);
        }
        if facts.cancellation_requested {
            forbidden.extend([Ship, ResendShipping, Cancel]);
        } else {
            forbidden.extend([AcceptCancellation, RejectCancellation]);
        }
        forbidden.push(if facts.archived { Archive } else { Restore });
        forbidden.push(if facts.skipped_by_person { Skip } else { Unskip });
        if facts.archived {
            forbidden.push(Import);
        }
        if !facts.shipment_failed {
            forbidden.push(ResendShipping);
        }
        if !facts.has_open_issue {
            forbidden.extend([Heal, MarkHandled]);
        }
        forbidden
    }

    #[test]
    fn each_action_is_either_allowed_or_refused_in_a_sentence_whatever_the_order_is_like() {
        let mut statuses = ChannelStatus::KNOWN.to_vec();
        statuses.push(ChannelStatus::from("TELEPORTING"));
        let mut tried = 0;
        for channel_status in &statuses {
            for &import_state in ImportState::ALL {
                for &fulfillment_type in FulfillmentType::ALL {
                    for flags in 0_u8..64 {
                        let flag = |place: u8| flags & (1 << place) != 0;
                        let facts = ActionFacts {
                            channel_status,
                            import_state,
                            fulfillment_type,
                            cancellation_requested: flag(0),
                            skipped_by_person: flag(1),
                            store_deleted: flag(2),
                            archived: flag(3),
                            shipment_failed: flag(4),
                            has_open_issue: flag(5),
                        };
                        check(&facts);
                        tried += 1;
                    }
                }
            }
        }
        assert_eq!(tried, statuses.len() * ImportState::ALL.len() * FulfillmentType::ALL.len() * 64);
    }

    fn check(facts: &ActionFacts<'_>) {
        let allowed = allowed_actions(facts);
        for kind in ActionKind::ALL {
            let refusal = action_refusal(*kind, facts);
            assert_eq!(allowed.contains(kind), refusal.is_none(), "{kind} of {facts:?}");
            let is_sentence = |text: &str| text.ends_with('.') && text.starts_with(char::is_uppercase);
            assert!(refusal.is_none_or(is_sentence), "{kind}: {refusal:?}");
        }
        for kind in forbidden(facts) {
            assert!(!allowed.contains(&kind), "{kind} of {facts:?}");
        }
        for kind in [ActionKind::Sync, ActionKind::Note, ActionKind::Tag] {
            assert!(allowed.contains(&kind), "{kind} of {facts:?}");
        }
    }
}

#[cfg(test)]
mod backoff {
    use chrono::TimeDelta;
    use job_queue::backoff::{delay, nominal_delay};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    #[test]
    fn every_delay_is_near_its_nominal_one_whatever_the_dice_say() {
        for seed in 0..500 {
            let mut rng = SmallRng::seed_from_u64(seed);
            for failed_before in (-2..20).chain([i32::MIN, i32::MAX]) {
                let (nominal, actual) = (nominal_delay(failed_before), delay(failed_before, &mut rng));
                assert_eq!(nominal.is_some(), actual.is_some(), "{failed_before}");
                let (Some(nominal), Some(actual)) = (nominal, actual) else { continue };
                let difference = (actual - nominal).abs();
                assert!(difference * 10 <= nominal, "{failed_before}: {actual} instead of {nominal}");
                assert!(actual > TimeDelta::zero());
            }
        }
    }

    #[test]
    fn delays_never_shrink_and_once_they_are_used_up_they_stay_so() {
        for failed_before in 0..1_000 {
            match (nominal_delay(failed_before), nominal_delay(failed_before + 1)) {
                (Some(this), Some(next)) => assert!(this <= next, "{failed_before}"),
                (None, Some(_)) => panic!("a delay after the last one: {failed_before}"),
                (_, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod filter {
    use rand::rngs::SmallRng;
    use rand::seq::IndexedRandom;
    use rand::{Rng, RngExt, SeedableRng};
    use shared::OrderFilter;

    /// Texts that are right somewhere, and texts that are right nowhere.
    const VALUES: [&str; 48] = [
        "error",
        "on_hold",
        "canceled",
        "AWAITING_SHIPMENT",
        "TELEPORTING",
        "imported",
        "blocked",
        "SKU_NOT_FOUND",
        "tiktok",
        "merchant",
        "1",
        "7",
        "0",
        "-3",
        "9223372036854775807",
        "9223372036854775808",
        "DE",
        "fr",
        "EUR",
        "usd",
        "true",
        "false",
        "empty",
        "5760",
        "576012345678901234",
        "57601234567890123",
        "12",
        "46.89",
        "-0",
        "0.10",
        "1e3",
        "2026-11-23T08:00:00Z",
        "2026-11-23T09:00:00.123456+01:00",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "-created_at",
        "total",
        "--total",
        "vip",
        "Überfällig",
        "two words",
        "sku:RED-1 days:3",
        "\u{1F600}",
        "%2C&=+",
        "\"",
        "",
        " ",
        "\u{0}",
    ];

    /// One to three of the texts, joined in one of the ways in which people join them.
    fn value(rng: &mut impl Rng) -> String {
        let count = if rng.random_ratio(2, 3) { 1 } else { rng.random_range(2..=3) };
        let parts: Vec<_> = (0..count).map(|_| *VALUES.choose(rng).expect("there are some")).collect();
        parts.join([",", ", ", " ", ",,", "\n"].choose(rng).expect("there are some"))
    }

    fn query_of(pairs: &[(String, String)]) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn read(query: &str) -> Result<OrderFilter, Vec<shared::FieldError>> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        OrderFilter::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    #[test]
    fn what_is_read_from_a_url_is_read_the_same_from_the_url_that_it_is_written_to() {
        let names = OrderFilter::names();
        let mut rng = SmallRng::seed_from_u64(23);
        let (mut understood, mut narrowing) = (0, 0);
        for _ in 0..30_000 {
            let count = rng.random_range(1..=2);
            let chosen: Vec<_> = names.sample(&mut rng, count).cloned().collect();
            let pairs: Vec<_> = chosen.into_iter().map(|name| (name, value(&mut rng))).collect();
            let query = query_of(&pairs);
            let Ok(filter) = read(&query) else { continue };
            understood += 1;
            narrowing += usize::from(!filter.is_open());

            let written = query_of(&filter.to_pairs());
            assert_eq!(read(&written), Ok(filter.clone()), "{query} -> {written}");
            assert_eq!(filter.is_open(), filter.without_status().is_open() && filter.status.is_empty());
        }
        // Otherwise nothing was tried.
        assert!(understood > 1_000 && narrowing > 500, "{understood} {narrowing}");
    }

    #[test]
    fn every_pair_that_is_wrong_is_named() {
        let names = OrderFilter::names();
        let mut rng = SmallRng::seed_from_u64(24);
        for _ in 0..10_000 {
            let chosen: Vec<_> = names.sample(&mut rng, 3).cloned().collect();
            let pairs: Vec<_> = chosen.into_iter().map(|name| (name, value(&mut rng))).collect();
            let wrong_alone =
                pairs.iter().filter(|(name, value)| OrderFilter::default().set(name, value).is_err()).count();
            let errors = read(&query_of(&pairs)).err().unwrap_or_default();
            assert_eq!(errors.len(), wrong_alone, "{pairs:?}: {errors:?}");
            assert!(errors.iter().all(|error| !error.detail.is_empty()));
        }
    }
}
