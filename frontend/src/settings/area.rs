//! The area around the pages of settings: what there is beside the page that is open, and who may see it.

use crate::prelude::*;
use shared::Role;

use crate::components::icon::Icon;
use crate::markup::{current_page, view};
use crate::route::Section;
use crate::{browser, session, text};

/// What is seen of the navigation before the current page, in CSS pixels.
const MARGIN: i32 = 40;

/// Shows a page of a section to those who may see it, and says to everybody else who may.
pub fn within(section: Section, page: impl FnOnce() -> AnyView) -> AnyView {
    let content = if session::may(section.least_role()) { page() } else { no_permission(section) };
    let links = Section::ALL.into_iter().filter(|it| session::may(it.least_role())).map(|it| {
        view! {
            <li>
                <a href=it.path() aria-current=current_page(it == section)>
                    {text::section(it)}
                </a>
            </li>
        }
    });
    request_animation_frame(show_current);
    view! {
        <div class="settings-area">
            <nav class="settings-nav" aria-label=text::SETTINGS>
                <ul>{links.collect_view()}</ul>
            </nav>
            {content}
        </div>
    }
}

/// Where the navigation is wider than the window, it begins with the page that is open.
fn show_current() {
    let nav = browser::element(".settings-nav");
    let current = browser::element(".settings-nav [aria-current=page]");
    if let (Some(nav), Some(current)) = (nav, current) {
        nav.set_scroll_left(current.offset_left() - MARGIN);
    }
}

fn no_permission(section: Section) -> AnyView {
    let role = session::user().map_or(Role::Viewer, |user| user.role);
    view! {
        <div class="page">
            <section class="empty">
                {Icon::Ban.view()}
                <h1>{text::no_permission(section)}</h1>
                <p>{text::who_may(section.least_role(), role)}</p>
            </section>
        </div>
    }
}
