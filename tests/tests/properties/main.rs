//! Rules that hold for every input: tried on all there are where they are few, and on many seeded ones where not.

mod plan;
mod store_state;

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
        if facts.purged {
            return ActionKind::ALL.to_vec();
        }
        let shipping = [Ship, ResendShipping, CorrectShipping, FetchLabel];
        let mut forbidden = Vec::new();
        match facts.channel_status {
            ChannelStatus::Cancelled => {
                forbidden.extend(shipping);
                forbidden.extend([Cancel, Import, AcceptCancellation, RejectCancellation]);
            }
            ChannelStatus::Unpaid | ChannelStatus::OnHold => {
                forbidden.extend(shipping);
                // What is queued during the hold is imported early where the connection's settings say so.
                let is_queued = matches!(facts.import_state, ImportState::Pending | ImportState::Blocked);
                if *facts.channel_status == ChannelStatus::Unpaid || !is_queued {
                    forbidden.push(Import);
                }
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
                    for flags in 0_u8..128 {
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
                            purged: flag(6),
                        };
                        check(&facts);
                        tried += 1;
                    }
                }
            }
        }
        assert_eq!(tried, statuses.len() * ImportState::ALL.len() * FulfillmentType::ALL.len() * 128);
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
            assert_eq!(allowed.contains(&kind), !facts.purged, "{kind} of {facts:?}");
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
            let wrong_alone = pairs
                .iter()
                .filter(|(name, value)| OrderFilter::default().narrow(name, value).is_err())
                .count();
            let errors = read(&query_of(&pairs)).err().unwrap_or_default();
            assert_eq!(errors.len(), wrong_alone, "{pairs:?}: {errors:?}");
            assert!(errors.iter().all(|error| !error.detail.is_empty()));
        }
    }
}

#[cfg(test)]
mod status {
    use shared::{ChannelStatus, OrderStatus, StatusFacts, channel_order_status, order_status};

    fn channel_statuses() -> Vec<ChannelStatus> {
        let new = ["", "TELEPORTING", "cancelled"].map(ChannelStatus::from);
        ChannelStatus::KNOWN.into_iter().chain(new).collect()
    }

    #[test]
    fn an_open_error_and_nothing_else_shows_as_error() {
        for channel_status in &channel_statuses() {
            for previous in OrderStatus::ALL.iter().copied().map(Some).chain([None]) {
                for has_open_error in [true, false] {
                    let facts = StatusFacts { channel_status, has_open_error, previous };
                    let shown = order_status(&facts);

                    assert_eq!(shown == OrderStatus::Error, has_open_error, "{facts:?}");
                    if has_open_error {
                        continue;
                    }
                    match channel_order_status(channel_status) {
                        Some(status) => assert_eq!(shown, status, "{facts:?}"),
                        // Never guessed: what was known stays.
                        None => {
                            let known = previous.filter(|previous| *previous != OrderStatus::Error);
                            assert_eq!(shown, known.unwrap_or(OrderStatus::OnHold), "{facts:?}");
                        }
                    }
                    let again = StatusFacts { previous: Some(shown), ..facts };
                    assert_eq!(order_status(&again), shown, "{again:?}");
                }
            }
        }
    }

    #[test]
    fn of_two_statuses_one_way_at_most_is_forward_and_back_is_never_both() {
        for from in &channel_statuses() {
            assert!(!from.regresses_to(from), "{from}");
            for to in &channel_statuses() {
                // Nothing comes back from an end without being noticed.
                if *from == ChannelStatus::Cancelled && to != from {
                    assert!(from.regresses_to(to), "{from} {to}");
                }
                if let (Some(now), Some(then)) = (from.progress(), to.progress()) {
                    assert_eq!(from.regresses_to(to), then < now, "{from} {to}");
                    assert!(!(from.regresses_to(to) && to.regresses_to(from)), "{from} {to}");
                }
                // Any order may be canceled but one that is completed.
                if *to == ChannelStatus::Cancelled && from != to {
                    assert_eq!(from.regresses_to(to), *from == ChannelStatus::Completed, "{from}");
                }
            }
        }
    }
}

#[cfg(test)]
mod money {
    use prestashop::total::{
        RoundMode, RoundType, Rounding, gross_unit_price, line_total, net_unit_price, round,
    };
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};
    use rust_decimal::Decimal;
    use sync::mapping::allocate;

    const NEAREST: [RoundMode; 4] =
        [RoundMode::HalfUp, RoundMode::HalfDown, RoundMode::HalfEven, RoundMode::HalfOdd];

    #[test]
    fn parts_make_the_whole_and_none_is_off_by_more_than_the_smallest_amount_of_its_currency() {
        let mut rng = SmallRng::seed_from_u64(31);
        for _ in 0..20_000 {
            let decimals = rng.random_range(0..=3);
            let smallest = Decimal::new(1, decimals);
            let amount = Decimal::new(rng.random_range(0..1_000_000), decimals);
            let count = rng.random_range(1..12);
            let weights: Vec<Decimal> =
                (0..count).map(|_| Decimal::new(rng.random_range(0..50_000), 2)).collect();

            let parts = allocate(amount, &weights, decimals);

            assert_eq!(parts.len(), weights.len());
            assert_eq!(parts.iter().sum::<Decimal>(), amount, "{amount} {weights:?}");
            let all: Decimal = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                assert!(*part >= Decimal::ZERO && part.scale() <= decimals, "{amount} {weights:?}: {part}");
                if !all.is_zero() {
                    let off = (part - amount * weight / all).abs();
                    assert!(off <= smallest, "{amount} {weights:?}: {part} is off by {off}");
                }
            }
        }
    }

    #[test]
    fn a_pinned_net_price_comes_back_as_the_gross_price_that_was_paid() {
        let rates = ["0", "2.1", "5.5", "7", "10", "19", "20", "21", "22", "25", "27"];
        let rates: Vec<Decimal> = rates.iter().map(|rate| rate.parse().expect("a number")).collect();
        let mut rng = SmallRng::seed_from_u64(32);
        for _ in 0..20_000 {
            let gross = Decimal::new(rng.random_range(0..200_000), 2);
            let quantity = rng.random_range(1..=200);
            let rate = rates[rng.random_range(0..rates.len())];
            for mode in NEAREST {
                let net = net_unit_price(gross, rate);
                let unit = gross_unit_price(net, rate, mode);
                for round_type in [RoundType::Item, RoundType::Line, RoundType::Total] {
                    let rounding = Rounding { round_type, mode, decimal_places: 2 };
                    let total = round(line_total(unit, quantity, &rounding), 2, mode);
                    assert_eq!(total, gross * Decimal::from(quantity), "{gross} {rate} {rounding:?}");
                }
            }
        }
    }
}

#[cfg(test)]
mod xml {
    use prestashop::Element;
    use rand::rngs::SmallRng;
    use rand::seq::IndexedRandom;
    use rand::{RngExt, SeedableRng};

    const TEXTS: [&str; 12] = [
        "",
        "1",
        "a b",
        "<script>",
        "]]>",
        "]]]]>>",
        "&amp;",
        "\"'",
        "Größe \u{1F600}",
        "54.290000",
        "<![CDATA[",
        "&#65;",
    ];

    fn tree(rng: &mut SmallRng, depth: u32) -> Element {
        let text = *TEXTS.choose(rng).expect("there are some");
        if depth == 0 || rng.random_bool(0.4) {
            return Element::with_text("leaf", text);
        }
        let children = rng.random_range(0..4);
        let node = Element::new("node").with_attribute("id", text);
        (0..children).fold(node, |node, _| node.with_child(tree(rng, depth - 1)))
    }

    #[test]
    fn no_text_breaks_out_of_its_element() {
        let mut rng = SmallRng::seed_from_u64(41);
        for _ in 0..5_000 {
            let written = tree(&mut rng, 6);
            let document = written.to_document();

            assert_eq!(Element::parse(&document).as_ref(), Ok(&written), "{document}");
        }
    }
}

#[cfg(test)]
mod webhook {
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};
    use tiktok_shop::Secret;
    use tiktok_shop::webhook::{Notification, sign, verify};

    const BODY: &str = r#"{"type":4,"tts_notification_id":"7327112393057371910","shop_id":"7494049642642441621",
        "timestamp":1644412885,"data":{"package_list":[{"package_id":"1","order_id_list":["576461413038785752","5"]}]}}"#;

    #[test]
    fn one_changed_bit_ends_a_signature_and_breaks_no_reader() {
        let secret = Secret::new("a secret");
        let signature = sign("app", &secret, BODY.as_bytes());
        assert!(verify("app", &secret, &signature, BODY.as_bytes()).is_ok());
        let mut rng = SmallRng::seed_from_u64(51);
        for _ in 0..5_000 {
            let mut body = BODY.as_bytes().to_vec();
            let position = rng.random_range(0..body.len());
            body[position] ^= 1 << rng.random_range(0..8_u8);

            assert!(verify("app", &secret, &signature, &body).is_err(), "bit of byte {position}");
            if let Ok(notification) = Notification::parse(&body) {
                assert!(!notification.id.is_empty());
            }
        }
    }
}
