//! Answers that are no answers of the webservice, and the last step to HTTP, where connections break.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use futures::StreamExt;
use futures::stream;

use super::answer::{Answer, Output, Refusal};
use super::faults::FaultKind;
use super::order_creation::Dead;
use super::server::{Server, put_header, status};
use super::shop::Shop;
use super::version::Version;
use crate::trickle::trickle;

/// What comes back when an order could not be made.
#[must_use]
pub fn died(shop: &Shop, dead: &Dead) -> Answer {
    if *dead != Dead::CartUsed {
        return Answer::html(500, "");
    }
    let sentence = "Cart cannot be loaded or an order has already been placed using this cart";
    if shop.settings.debug_mode {
        // PHP prints the error before the shop of 9.x could set a status.
        let status = if shop.version.is_nine() { 200 } else { 500 };
        return Answer::html(status, uncaught(sentence));
    }
    match shop.version {
        Version::V8_1_0 => Answer::html(500, sentence),
        Version::V9_1_4 => Answer::html(500, ""),
    }
}

fn uncaught(sentence: &str) -> String {
    format!(
        "\nFatal error: Uncaught PrestaShopException: {sentence} in \
         /var/www/prestashop/classes/PaymentModule.php:246\nStack trace:\n\
         #0 /var/www/prestashop/classes/order/Order.php(1678): PaymentModuleCore->validateOrder()\n\
         #1 /var/www/prestashop/classes/webservice/WebserviceRequest.php(1637): OrderCore->addWs()\n\
         #2 /var/www/prestashop/classes/webservice/WebserviceRequest.php(1412): \
         WebserviceRequestCore->saveEntityFromXml()\n\
         #3 /var/www/prestashop/classes/webservice/WebserviceRequest.php(548): \
         WebserviceRequestCore->executeEntityPost()\n\
         #4 /var/www/prestashop/webservice/dispatcher.php(80): WebserviceRequestCore->fetch()\n\
         #5 {{main}}\n  thrown in /var/www/prestashop/classes/PaymentModule.php on line 246\n"
    )
}

/// What the invoice renderer prints when it gives up: the order is there, its answer is not.
#[must_use]
pub fn pdf_failure(shop: &Shop) -> Answer {
    Answer::html(
        200,
        format!(
            "<strong>TCPDF ERROR: </strong>[Image] Unable to get the size of the image: {}/img/",
            shop.url
        ),
    )
}

/// What a module says that PrestaShop knows nothing of; nobody who asks for us is to read it.
const REFUSED_BY_MODULE: &str = "Module guard: request of 10.1.2.3 blocked by rule 17";

/// The webservice's answer when PHP reports what it will no longer allow one day.
#[must_use]
pub fn deprecations(resource: &str) -> Refusal {
    let lexer = "[PHP Unknown error #8192] Function utf8_encode() is deprecated \
                 (/var/www/prestashop/vendor/egulias/email-validator/src/EmailLexer.php, line 275)";
    let first = if resource == "orders" {
        "[PHP Unknown error #8192] Creation of dynamic property Order::$product_list is deprecated \
         (/var/www/prestashop/classes/PaymentModule.php, line 967)"
    } else {
        lexer
    };
    (0..24).fold(Refusal::new(500, 15, first), |refusal, _| refusal.and(15, lexer))
}

/// The answer of a failure that happens before the shop does anything.
#[must_use]
pub fn instead(kind: FaultKind, server: &Server) -> Answer {
    let shop = server.shop();
    match kind {
        FaultKind::Redirect302 => {
            let mut answer = Answer::html(302, "");
            answer.headers.push(("Location", format!("{}/", shop.url)));
            answer
        }
        FaultKind::Unavailable503 => {
            let refusal = Refusal::new(
                503,
                22,
                "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office",
            );
            let mut answer = Answer::refused(&refusal, Output::Xml, shop.version);
            answer.authenticated = false;
            answer
        }
        FaultKind::Refused400 => {
            let refusal = Refusal::new(400, 999, REFUSED_BY_MODULE);
            Answer::refused(&refusal, Output::Xml, shop.version)
        }
        FaultKind::TooMany429 => {
            let mut answer = Answer::html(429, "<html><body><h1>429 Too Many Requests</h1></body></html>");
            answer.headers.push(("Retry-After", "1".to_owned()));
            answer
        }
        FaultKind::MaintenancePage => Answer::html(
            503,
            "<!doctype html><html><head><title>Maintenance</title></head><body><h1>We'll be back soon.</h1></body></html>",
        ),
        FaultKind::StillRunning => {
            Answer::html(504, "<html><body><h1>504 Gateway Time-out</h1></body></html>")
        }
        FaultKind::JsonGarbage => Answer {
            content_type: Some("application/json".to_owned()),
            ..Answer::html(200, "{\"orders\":[{\"id\":")
        },
        _ => Answer::html(500, ""),
    }
}

/// The HTTP response, or a connection that ends before it.
pub fn response(
    answer: Answer,
    fault: Option<FaultKind>,
    version: Version,
    started: Instant,
    is_head: bool,
) -> HttpResponse {
    let sha1 = answer.content_sha1();
    let Answer { status: number, content_type, body, headers, by_webservice, authenticated } = answer;
    let has_body = !body.is_empty();
    let mut builder = HttpResponse::build(status(number));
    let mut response = match fault {
        Some(FaultKind::CutBefore | FaultKind::CutAfter) => {
            return builder.streaming(stream::iter([Err::<Bytes, _>(broken())]));
        }
        Some(FaultKind::Truncated) => {
            let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
            let parts = stream::iter([Ok(half), Err(broken())]).then(|part| async move {
                if part.is_err() {
                    // The first half has to leave before the connection is cut.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                part
            });
            builder.streaming(parts)
        }
        Some(FaultKind::Trickled) => builder.streaming(trickle(body.into())),
        Some(FaultKind::HugeBody) => {
            let blanks = Bytes::from(vec![b' '; 1 << 20]);
            let parts = stream::iter(std::iter::once(Ok::<_, std::io::Error>(Bytes::from(body))))
                .chain(stream::iter((0..10).map(move |_| Ok(blanks.clone()))));
            builder.streaming(parts)
        }
        _ if is_head => builder.finish(),
        _ => builder.body(body),
    };
    if let Some(content_type) = content_type {
        put_header(&mut response, "content-type", &content_type);
    }
    if by_webservice {
        let access_time = response_time(started);
        put_header(&mut response, "access-time", &access_time.0);
        put_header(&mut response, "execution-time", &access_time.1);
        put_header(&mut response, "x-powered-by", "PrestaShop Webservice");
        let shown = if authenticated { version.to_string() } else { "0".to_owned() };
        put_header(&mut response, "psws-version", &shown);
        // Neither errors nor answers without a body are hashed.
        if number < 300 && has_body {
            put_header(&mut response, "content-sha1", &sha1);
        }
    }
    for (name, value) in headers {
        put_header(&mut response, header_name(name), &value);
    }
    response
}

fn header_name(name: &'static str) -> &'static str {
    match name {
        "Content-Sha1" => "content-sha1",
        "Location" => "location",
        "WWW-Authenticate" => "www-authenticate",
        "Retry-After" => "retry-after",
        other => other,
    }
}

/// Unix time of the access and seconds that the work took.
fn response_time(started: Instant) -> (String, String) {
    use clock::Clock;
    let now = clock::SystemClock.now().timestamp().to_string();
    (now, format!("{:.3}", started.elapsed().as_secs_f64()))
}

fn broken() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "the connection is cut on purpose")
}
