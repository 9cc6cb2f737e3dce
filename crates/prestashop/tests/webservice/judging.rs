//! What every recorded answer that is no success means, and what answers mean that nobody recorded.

use prestashop::{
    Call, ConnectionFailure, Error, Method, RawAnswer, RefusalKind, Resource, UnknownReason, judge,
};

use crate::recording::{Recording, VERSIONS};

/// What the shop refused for certain.
fn refusals() -> Vec<(&'static str, RefusalKind)> {
    let required = |field: &str| RefusalKind::FieldRequired { field: field.to_owned() };
    let invalid = |field: &str| RefusalKind::FieldInvalid { field: field.to_owned() };
    let redirected = || RefusalKind::WrongAddress { location_host: Some("prestashop.example".to_owned()) };
    let missing = |resource, method| RefusalKind::PermissionMissing { resource, method };
    vec![
        ("265-local-content-sha1-304", RefusalKind::WrongAddress { location_host: None }),
        ("300-no-credentials-401", RefusalKind::KeyRejected),
        ("302-wrong-length-key-401", RefusalKind::KeyRejected),
        ("303-unknown-key-401", RefusalKind::KeyRejected),
        ("304-disabled-key-401", RefusalKind::KeyRejected),
        ("305-resource-not-allowed-401", missing(Resource::Customers, Method::Get)),
        ("306-method-not-allowed-for-key-405", missing(Resource::Orders, Method::Post)),
        ("308-wrong-host-header-302", redirected()),
        ("309-unknown-shop-302", redirected()),
        ("401-not-found-404-empty-body", RefusalKind::NotFound),
        ("404-forbidden-method-405", RefusalKind::Other),
        ("405-head-not-found-404", RefusalKind::NotFound),
        ("406-filter-unknown-field", RefusalKind::Other),
        ("407-filter-date-without-date-1", RefusalKind::Other),
        ("408-filter-dynamic-field", RefusalKind::Other),
        ("410-display-unknown-field", RefusalKind::Other),
        ("411-display-bad-syntax", RefusalKind::Other),
        ("412-sort-bad-syntax", RefusalKind::Other),
        ("414-limit-bad-syntax", RefusalKind::Other),
        ("415-schema-unknown", RefusalKind::Other),
        ("416-unknown-shop-group", RefusalKind::Other),
        ("422-post-empty-order-400", required("id_address_delivery")),
        ("423-post-with-id-400", RefusalKind::Other),
        ("425-put-unknown-id-404", RefusalKind::NotFound),
        ("426-patch-unknown-id-404", RefusalKind::NotFound),
        ("427-delete-unknown-id-404", RefusalKind::NotFound),
        ("428-customer-bad-email-400", invalid("email")),
        ("429-customer-digit-in-name-400", invalid("firstname")),
        ("433-address-bad-phone-400", invalid("phone")),
        ("434-address-empty-address1-400", invalid("address1")),
        ("436-address-missing-alias-400", required("alias")),
        ("544-patch-tracking-invalid-400", invalid("tracking_number")),
        ("545-put-partial-400", required("id_order")),
        ("600-order-without-id-address-delivery-400", required("id_address_delivery")),
        ("601-order-without-id-address-invoice-400", required("id_address_invoice")),
        ("602-order-without-id-cart-400", required("id_cart")),
        ("604-order-without-id-lang-400", required("id_lang")),
        ("605-order-without-id-customer-400", required("id_customer")),
        ("606-order-without-id-carrier-400", required("id_carrier")),
        ("607-order-without-module-400", required("module")),
        ("608-order-without-payment-400", required("payment")),
        ("610-order-without-total-paid-real-400", required("total_paid_real")),
        ("611-order-without-total-products-400", required("total_products")),
        ("612-order-without-total-products-wt-400", required("total_products_wt")),
        ("613-order-without-conversion-rate-400", required("conversion_rate")),
        ("622-bad-payment-name-400", invalid("payment")),
        ("623-bad-total-400", invalid("total_paid")),
        ("800-webservice-disabled-503", RefusalKind::WebserviceDisabled),
    ]
}

/// What proves nothing, by version: 9.1.4 and 8.1.0. `None`: success, or not recorded.
const UNKNOWNS: &[(&str, Option<UnknownReason>, Option<UnknownReason>)] = {
    use UnknownReason::{Empty, ErrorsReported, Html, OnlyPhpMessages, PartlyDone, PlainText, Unparsable};
    &[
        ("011-get-api-root-json", Some(Empty), Some(Empty)),
        ("100-customers-schema-blank", None, Some(Unparsable)),
        ("101-customers-schema-synopsis", None, Some(Unparsable)),
        ("126-combinations-schema-blank", None, Some(Unparsable)),
        ("127-combinations-schema-synopsis", None, Some(Unparsable)),
        ("220-get-order-1-json", Some(PlainText), Some(PlainText)),
        ("223-order-states-language-1-json", Some(PlainText), Some(PlainText)),
        ("260-json-via-output-format-header", Some(PlainText), Some(PlainText)),
        ("261-json-via-io-format-header", Some(PlainText), Some(PlainText)),
        ("264-json-language-1", Some(PlainText), Some(PlainText)),
        ("419-post-not-xml-500", Some(ErrorsReported), Some(ErrorsReported)),
        ("420-post-empty-500", Some(ErrorsReported), Some(ErrorsReported)),
        ("421-post-json-500", Some(ErrorsReported), Some(ErrorsReported)),
        ("431-customer-duplicate-registered-email-500", Some(ErrorsReported), Some(ErrorsReported)),
        ("432-customer-guest-with-registered-email", None, Some(ErrorsReported)),
        ("438-history-unknown-state-500", Some(Empty), Some(Empty)),
        ("439-history-unknown-order-500", Some(Empty), Some(Empty)),
        ("527-get-order-json", Some(PlainText), Some(PlainText)),
        ("530-post-order-again-same-cart", Some(Empty), Some(PlainText)),
        ("620-unknown-payment-module", Some(Empty), Some(Empty)),
        ("621-not-a-payment-module", Some(Empty), Some(Empty)),
        ("631-unknown-product-alone", Some(Empty), Some(Empty)),
        ("633-empty-cart", Some(Empty), None),
        ("633-empty-cart-3-post-cart", None, Some(Empty)),
        ("634-duplicate-cart-rows", Some(Empty), None),
        ("634-duplicate-cart-rows-3-post-cart", None, Some(Empty)),
        ("643-inactive-country", Some(Empty), Some(Empty)),
        ("750-specific-price-duplicate-500", Some(ErrorsReported), Some(Empty)),
        ("751-bulk-partial-failure-400", Some(PartlyDone), Some(PartlyDone)),
        ("810-debug-mode-duplicate-order-200-html", Some(PlainText), Some(PlainText)),
        ("820-invoice-pdf-failure-200-html-order-created", Some(Html), Some(Html)),
        ("830-php-deprecations-reported-500-customer-created", None, Some(OnlyPhpMessages)),
        ("832-php-deprecations-reported-post-order", None, Some(OnlyPhpMessages)),
    ]
};

#[test]
fn every_recorded_failure_is_read_as_it_was_meant() {
    let refusals = refusals();
    let mut failures = 0;
    for recording in Recording::all() {
        if recording.call().is_none() {
            continue;
        }
        let name = recording.name.as_str();
        let refused = refusals.iter().find(|(known, _)| *known == name).map(|(_, kind)| kind);
        let unknown = UNKNOWNS.iter().find(|(known, ..)| *known == name);
        let unknown = unknown
            .and_then(|(_, in_9, in_8)| if recording.version == VERSIONS[0] { in_9 } else { in_8 }.as_ref());
        match recording.judged() {
            Ok(_) => assert_eq!((refused, unknown), (None, None), "{}/{name}", recording.version),
            Err(Error::Refused(refusal)) => {
                assert_eq!(Some(&refusal.kind), refused, "{}/{name}", recording.version);
                assert_eq!(refusal.status, Some(recording.status));
                failures += 1;
            }
            Err(Error::OutcomeUnknown(outcome)) => {
                assert_eq!(Some(&outcome.reason), unknown, "{}/{name}", recording.version);
                assert_eq!(outcome.status, Some(recording.status));
                failures += 1;
            }
        }
    }
    let unknowns =
        UNKNOWNS.iter().map(|(_, in_9, in_8)| usize::from(in_9.is_some()) + usize::from(in_8.is_some()));
    assert_eq!(failures, 2 * refusals.len() + unknowns.sum::<usize>(), "every row is met");
}

fn post(entities: usize) -> Call {
    Call { method: Method::Post, resource: Resource::Orders, entities }
}

fn errors(pairs: &[(u32, &str)]) -> String {
    let errors: String = pairs
        .iter()
        .map(|(code, message)| {
            format!("<error><code>{code}</code><message><![CDATA[{message}]]></message></error>")
        })
        .collect();
    format!("<prestashop><errors>{errors}</errors></prestashop>")
}

fn judged(call: Call, status: u16, content_type: &str, body: &str) -> Result<Vec<u64>, Error> {
    let content_type = Some(content_type).filter(|content_type| !content_type.is_empty());
    let answer = RawAnswer { status, content_type, location_host: None, body: body.as_bytes() };
    judge(call, answer).map(|document| document.written_ids())
}

#[test]
fn a_write_is_done_only_if_every_entity_has_an_id() {
    let one = "<prestashop><order><id>7</id></order></prestashop>";
    let two = "<prestashop><order><id>7</id></order><order><id>8</id></order></prestashop>";
    type Row<'a> = (usize, u16, &'a str, &'a str, Result<Vec<u64>, UnknownReason>);
    let table: [Row<'_>; 12] = [
        (1, 201, "text/xml;charset=utf-8", one, Ok(vec![7])),
        (1, 201, "Text/XML", one, Ok(vec![7])),
        (2, 201, "text/xml", two, Ok(vec![7, 8])),
        (2, 201, "text/xml", one, Err(UnknownReason::Incomplete)),
        (1, 201, "text/xml", "<prestashop><order/></prestashop>", Err(UnknownReason::Incomplete)),
        (
            1,
            201,
            "text/xml",
            "<prestashop><order><id>0</id></order></prestashop>",
            Err(UnknownReason::Incomplete),
        ),
        (1, 201, "text/xml", "<prestashop></prestashop>", Err(UnknownReason::Incomplete)),
        (1, 201, "text/html", one, Err(UnknownReason::Html)),
        (1, 201, "", one, Err(UnknownReason::Html)),
        (1, 201, "text/xml", "", Err(UnknownReason::Empty)),
        (1, 201, "text/xml", "<prestashop><order>", Err(UnknownReason::Unparsable)),
        // A status that creation does not have.
        (1, 200, "text/xml", one, Err(UnknownReason::Incomplete)),
    ];
    for (entities, status, content_type, body, expected) in table {
        let result = judged(post(entities), status, content_type, body).map_err(|error| match error {
            Error::OutcomeUnknown(unknown) => unknown.reason,
            Error::Refused(refusal) => panic!("{refusal}"),
        });
        assert_eq!(result, expected, "{status} {content_type} {body}");
    }
}

#[test]
fn errors_in_a_success_prove_nothing() {
    let body = errors(&[(3, "[PHP Warning #2] x (/var/www)")]);
    let Err(Error::OutcomeUnknown(unknown)) = judged(post(1), 201, "text/xml", &body) else {
        panic!("{body}")
    };
    assert_eq!(unknown.reason, UnknownReason::OnlyPhpMessages);
}

#[test]
fn a_refusal_after_saving_is_no_refusal() {
    let body = errors(&[(86, "The association \"foo\" does not exists")]);
    let Err(Error::OutcomeUnknown(unknown)) = judged(post(1), 400, "text/xml", &body) else {
        panic!("{body}")
    };
    assert_eq!((unknown.reason, unknown.errors[0].code), (UnknownReason::SavedThenRefused, 86));
}

#[test]
fn statuses_that_anybody_on_the_way_could_have_answered_prove_nothing() {
    for (status, content_type, body) in [
        (400, "text/html", "<html>Bad Request</html>"),
        (403, "text/html", "<html>blocked by the firewall</html>"),
        (404, "text/html", "<html>not found</html>"),
        (404, "", ""),
        (401, "text/html", "<html>log in</html>"),
        (429, "text/html", "<html>slow down</html>"),
        (500, "text/xml", &errors(&[(46, "Unable to save resource")])),
        (502, "text/html", "<html>bad gateway</html>"),
        (503, "text/xml", &errors(&[(46, "Unable to save resource")])),
        (503, "text/html", ""),
        (504, "", ""),
        (400, "text/xml", &errors(&[(15, "[PHP Deprecated #1] x")])),
        (400, "text/xml", "<prestashop><order/></prestashop>"),
        (400, "text/xml", "<html/>"),
        (204, "", ""),
    ] {
        let result = judged(post(1), status, content_type, body);
        assert!(matches!(result, Err(Error::OutcomeUnknown(_))), "{status} {body} {result:?}");
    }
}

#[test]
fn php_messages_do_not_hide_the_code_that_counts() {
    let body = errors(&[(2, "[PHP Notice #8] x"), (41, "parameter \"module\" required")]);
    let Err(Error::Refused(refusal)) = judged(post(1), 400, "text/xml", &body) else { panic!("{body}") };
    assert_eq!(refusal.kind, RefusalKind::FieldRequired { field: "module".to_owned() });
    assert_eq!(refusal.errors[0].code, 41);
}

#[test]
fn a_key_without_a_right_in_this_shop_lacks_a_permission() {
    let body = errors(&[(132, "Bad right for this shop")]);
    let Err(Error::Refused(refusal)) = judged(post(1), 403, "text/xml", &body) else { panic!("{body}") };
    let missing = RefusalKind::PermissionMissing { resource: Resource::Orders, method: Method::Post };
    assert_eq!(refusal.kind, missing);
}

#[test]
fn deleting_is_done_only_if_nothing_is_answered() {
    let delete = Call { method: Method::Delete, resource: Resource::Carts, entities: 0 };
    assert!(judged(delete, 200, "", "").is_ok());
    assert!(matches!(judged(delete, 200, "text/html", "<b>Fatal</b>"), Err(Error::OutcomeUnknown(_))));
    let body = "<prestashop><cart><id>1</id></cart></prestashop>";
    assert!(matches!(judged(delete, 200, "text/xml", body), Err(Error::OutcomeUnknown(_))));
}

#[test]
fn no_error_repeats_what_was_sent_or_shows_markup() {
    let secret = "tess@buyer.example.com";
    let php = format!("[PHP Warning #2] SimpleXMLElement: {secret} (/var/www/x.php, line 1)");
    let whole_request = format!("XML error : String could not be parsed as XML\nOriginal XML : {secret}");
    for (status, content_type, body) in [
        (500, "text/xml", errors(&[(3, &php), (127, &whole_request)])),
        (500, "text/html", format!("Duplicate entry {secret} for key")),
        (500, "text/html", format!("<p>{secret}</p>")),
        (200, "application/json", format!("{{\"email\":\"{secret}\"}}")),
    ] {
        let error = judged(post(1), status, content_type, &body).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(secret) && !shown.contains("<p>"), "{shown}");
    }
}

/// Whoever answers at the address that somebody typed could otherwise be read through us.
#[test]
fn what_is_shown_of_an_error_is_in_our_own_words() {
    let told = "the-secret-of-another-server";
    for (status, content_type, body) in [
        (400, "text/xml", errors(&[(999, told)])),
        (400, "text/xml", errors(&[(41, &format!("parameter \"{told}\" required"))])),
        (500, "text/xml", errors(&[(15, told)])),
        (401, "text/plain", told.to_owned()),
        (200, "text/plain", told.to_owned()),
    ] {
        let shown = judged(post(1), status, content_type, &body).unwrap_err().to_string();
        assert!(!shown.contains(told) && shown.contains(&status.to_string()), "{shown}");
    }
}

#[test]
fn errors_are_one_line_that_says_what_to_look_at() {
    let body = errors(&[(41, "parameter \"module\" required")]);
    let error = judged(post(1), 400, "text/xml", &body).unwrap_err();
    assert_eq!(error.to_string(), "field module is required (status 400, code 41)");
    let error = judged(post(1), 500, "text/html", "Cart cannot be loaded\nat line 5").unwrap_err();
    assert_eq!(error.to_string(), "outcome unknown: answered with plain text (status 500)");
    assert_eq!(ConnectionFailure::Tls.to_string(), "tls handshake failed");
}
