use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::{Role, Scope};

use crate::app::{As, PASSWORD, Person, TestApp, answer, app, apps, order};

async fn find(app: &TestApp, admin: &Person, email: &str) -> Value {
    let (_, people) = answer(app.get("/api/v1/users").by(admin)).await;
    people.as_array().unwrap().iter().find(|person| person["email"] == email).unwrap().clone()
}

fn change(app: &TestApp, by: &Person, person: &Value, body: &Value) -> RequestBuilder {
    app.request(Method::PATCH, &format!("/api/v1/users/{}", person["id"]))
        .by(by)
        .header("if-match", format!("\"{}\"", person["version"]))
        .json(body)
}

/// Whichever version it has.
fn delete(app: &TestApp, by: &Person, path: &str) -> RequestBuilder {
    app.request(Method::DELETE, path).by(by).header("if-match", "*")
}

fn token_of(link: &Value) -> &str {
    link.as_str().unwrap().split_once("#token=").unwrap().1
}

#[tokio::test]
async fn an_invitation_works_once_for_whoever_has_the_link() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let body = json!({ "email": " Ana@Example.com", "role": "operator" });
        let accept = |token: &str, password: &str| {
            app.post("/api/v1/invitations/accept").json(&json!({ "token": token, "password": password }))
        };

        let (status, first) = answer(app.post("/api/v1/invitations").by(&admin).json(&body)).await;
        assert_eq!((status, &first["invitation"]["email"]), (201, &json!("ana@example.com")));
        let (_, second) = answer(app.post("/api/v1/invitations").by(&admin).json(&body)).await;
        let (_, listed) = answer(app.get("/api/v1/invitations").by(&admin)).await;
        assert_eq!(listed.as_array().unwrap().len(), 1, "the second took the first one's place");
        assert!(!listed.to_string().contains(token_of(&second["link"])));

        assert_eq!(answer(accept(token_of(&first["link"]), PASSWORD)).await.0, 403, "replaced");
        assert_eq!(answer(accept("nonsense", PASSWORD)).await.0, 403);
        let (status, problem) = answer(accept(token_of(&second["link"]), "password1234")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/password")));
        let accepted = accept(token_of(&second["link"]), PASSWORD).send().await.unwrap();
        assert_eq!(accepted.headers()["location"], "/api/v1/session");
        let ana = Person::of(accepted).await;
        let (_, user) = answer(app.get("/api/v1/session").by(&ana)).await;
        assert_eq!((&user["email"], &user["role"]), (&json!("ana@example.com"), &json!("operator")));
        assert_eq!(answer(accept(token_of(&second["link"]), PASSWORD)).await.0, 403, "used");
        assert_eq!(app.sign_in("ana@example.com", PASSWORD).await.status(), 200);
        let again = answer(app.post("/api/v1/invitations").by(&admin).json(&body)).await;
        assert_eq!((again.0, &again.1["code"]), (409, &json!("already_there")));
        app.stop().await;
    }
}

#[tokio::test]
async fn invitations_end_after_a_week_and_when_they_are_withdrawn() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "role": "viewer" });
        answer(app.post("/api/v1/invitations").by(&admin).json(&body)).await.1
    };
    let accept = async |new: &Value| {
        let body = json!({ "token": token_of(&new["link"]), "password": PASSWORD });
        answer(app.post("/api/v1/invitations/accept").json(&body)).await.0
    };
    let (withdrawn, late, timely) =
        (invite("a@example.com").await, invite("b@example.com").await, invite("c@example.com").await);

    let path = format!("/api/v1/invitations/{}", withdrawn["invitation"]["id"]);
    assert_eq!(answer(delete(&app, &admin, &path)).await.0, 204);
    assert_eq!(accept(&withdrawn).await, 403);
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(accept(&timely).await, 201);
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(accept(&late).await, 403);
    app.stop().await;
}

#[tokio::test]
async fn who_removes_names_the_version_that_was_seen() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        app.create_user("ana@example.com", Role::Viewer).await;
        let body = json!({ "email": "new@example.com", "role": "viewer" });
        let (_, new) = answer(app.post("/api/v1/invitations").by(&admin).json(&body)).await;
        let ana = find(&app, &admin, "ana@example.com").await;
        let person = format!("/api/v1/users/{}", ana["id"]);
        let invitation = format!("/api/v1/invitations/{}", new["invitation"]["id"]);
        let tag_of = async |path: &str| {
            let response = app.get(path).by(&admin).send().await.unwrap();
            response.headers()["etag"].to_str().unwrap().to_owned()
        };
        let seen = tag_of(&person).await;
        assert_eq!(answer(change(&app, &admin, &ana, &json!({ "role": "operator" }))).await.0, 200);
        let remove = |path: &str, tag: &str| {
            app.request(Method::DELETE, path).by(&admin).header("if-match", tag.to_owned())
        };

        for path in [&person, &invitation] {
            assert_eq!(answer(app.request(Method::DELETE, path).by(&admin)).await.0, 428, "{path}");
        }
        assert_eq!(answer(remove(&person, &seen)).await.0, 412, "the role is another one by now");
        assert_eq!(answer(remove(&invitation, "\"7\"")).await.0, 412);
        for path in [&person, &invitation] {
            assert_eq!(answer(remove(path, &tag_of(path).await)).await.0, 204, "{path}");
            assert_eq!(answer(app.get(path).by(&admin)).await.0, 404, "{path}");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let own = find(&app, &admin, "admin@example.com").await;
        let path = format!("/api/v1/users/{}", own["id"]);

        for body in [json!({ "role": "manager" }), json!({ "disabled": true })] {
            let (status, problem) = answer(change(&app, &admin, &own, &body)).await;
            assert_eq!((status, &problem["code"]), (409, &json!("last_admin")));
        }
        assert_eq!(answer(delete(&app, &admin, &path)).await.0, 409);

        app.create_user("other@example.com", Role::Admin).await;
        let other = find(&app, &admin, "other@example.com").await;
        assert_eq!(answer(change(&app, &admin, &other, &json!({ "disabled": true }))).await.0, 200);
        assert_eq!(answer(delete(&app, &admin, &path)).await.0, 409, "a disabled one does not count");
        let other = find(&app, &admin, "other@example.com").await;
        assert_eq!(answer(change(&app, &admin, &other, &json!({ "disabled": false }))).await.0, 200);
        assert_eq!(answer(delete(&app, &admin, &path)).await.0, 204);
        assert_eq!(answer(app.get("/api/v1/session").by(&admin)).await.0, 401);
        app.stop().await;
    }
}

#[tokio::test]
async fn two_admins_who_remove_each_other_at_once_leave_one() {
    for app in apps().await {
        let one = app.sign_in_as(Role::Admin).await;
        app.create_user("two@example.com", Role::Admin).await;
        let two = Person::of(app.sign_in("two@example.com", PASSWORD).await).await;
        let id = async |email| find(&app, &one, email).await["id"].clone();
        let (first, second) = (id("admin@example.com").await, id("two@example.com").await);
        let remove = |by: &Person, whom: &Value| delete(&app, by, &format!("/api/v1/users/{whom}")).send();

        let (left, right) = tokio::join!(remove(&one, &second), remove(&two, &first));

        let statuses = [left.unwrap().status().as_u16(), right.unwrap().status().as_u16()];
        let done = statuses.iter().filter(|status| **status == 204).count();
        assert!(done == 1, "{statuses:?}");
        use sea_orm::{EntityTrait, PaginatorTrait};
        assert_eq!(database::entities::users::Entity::find().count(app.database.reader()).await.unwrap(), 1);
        app.stop().await;
    }
}

#[tokio::test]
async fn nobody_gives_or_takes_rights_beyond_the_own_ones() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    app.create_user("viewer@example.com", Role::Viewer).await;
    let viewer = find(&app, &admin, "viewer@example.com").await;
    let own = find(&app, &admin, "admin@example.com").await;
    let read = [Scope::OrdersRead, Scope::ConnectionsRead, Scope::UsersWrite, Scope::UsersRead];
    let tool = app.key(&admin, &read, None).await;

    let invite = |role: &str| {
        let body = json!({ "email": "new@example.com", "role": role });
        app.post("/api/v1/invitations").by(&tool).json(&body)
    };
    assert_eq!(answer(invite("admin")).await.0, 403);
    assert_eq!(answer(invite("viewer")).await.0, 201);
    assert_eq!(answer(change(&app, &tool, &viewer, &json!({ "role": "admin" }))).await.0, 403);
    assert_eq!(answer(change(&app, &tool, &own, &json!({ "role": "viewer" }))).await.0, 403);
    let path = format!("/api/v1/users/{}", own["id"]);
    assert_eq!(answer(delete(&app, &tool, &path)).await.0, 403);
    assert_eq!(answer(app.request(Method::DELETE, &format!("{path}/sessions")).by(&tool)).await.0, 403);
    let unknown = change(&app, &admin, &viewer, &json!({ "email": "other@example.com" }));
    assert_eq!(answer(unknown).await.0, 400, "no other field is taken");
    app.stop().await;
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    for app in apps().await {
        let camille = app.sign_in_as(Role::Viewer).await;
        let elsewhere = Person::of(app.sign_in("viewer@example.com", PASSWORD).await).await;
        let new = "orange kettle nine";
        let change = |current: &str, new: &str| {
            app.post("/api/v1/profile/password").by(&camille).json(&json!({ "current": current, "new": new }))
        };

        let (status, problem) = answer(change("violet tram six", new)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/current")));
        let (status, problem) = answer(change(PASSWORD, "viewer@example.com")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/new")));
        assert_eq!(answer(change(PASSWORD, new)).await.0, 204);

        assert_eq!(answer(app.get("/api/v1/session").by(&camille)).await.0, 200);
        assert_eq!(answer(app.get("/api/v1/session").by(&elsewhere)).await.0, 401);
        assert_eq!(app.sign_in("viewer@example.com", PASSWORD).await.status(), 401);
        assert_eq!(app.sign_in("viewer@example.com", new).await.status(), 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_all_at_once() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        app.create_user("camille@example.com", Role::Viewer).await;
        let body = json!({ "email": "camille@example.com", "password": PASSWORD });
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let sign_in = async || {
            let request = app.post("/api/v1/session").json(&body).header("user-agent", agent);
            Person::of(request.send().await.unwrap()).await
        };
        let (first, second) = (sign_in().await, sign_in().await);
        app.clock.advance(TimeDelta::minutes(1));
        let refreshed = app.post("/api/v1/session/refresh").refreshing(&first.cookie).send().await.unwrap();
        let first = Person::of(refreshed).await;

        let (_, sessions) = answer(app.get("/api/v1/sessions").by(&first)).await;
        let sessions = sessions.as_array().unwrap();
        assert_eq!(sessions.len(), 2, "a refreshed one is still one");
        assert_eq!((&sessions[0]["current"], &sessions[1]["current"]), (&json!(true), &json!(false)));
        assert_eq!(sessions[0]["user_agent"], "Firefox on Linux");
        let path = format!("/api/v1/sessions/{}", sessions[1]["id"].as_str().unwrap());
        assert_eq!(
            answer(app.request(Method::DELETE, &path).by(&admin)).await.0,
            404,
            "it is somebody else's"
        );
        assert_eq!(answer(app.request(Method::DELETE, &path).by(&first)).await.0, 204);
        assert_eq!(answer(app.get("/api/v1/session").by(&second)).await.0, 401);
        assert_eq!(answer(app.post("/api/v1/session/refresh").refreshing(&second.cookie)).await.0, 401);
        assert_eq!(answer(app.get("/api/v1/session").by(&first)).await.0, 200);

        let camille = find(&app, &admin, "camille@example.com").await;
        let path = format!("/api/v1/users/{}/sessions", camille["id"]);
        assert_eq!(answer(app.get(&path).by(&admin)).await.1.as_array().unwrap().len(), 1);
        assert_eq!(answer(app.request(Method::DELETE, &path).by(&admin)).await.0, 204);
        assert_eq!(answer(app.get("/api/v1/session").by(&first)).await.0, 401);

        let third = sign_in().await;
        assert_eq!(answer(app.request(Method::DELETE, "/api/v1/sessions").by(&third)).await.0, 204);
        assert_eq!(answer(app.get("/api/v1/session").by(&third)).await.0, 401);
        app.stop().await;
    }
}

#[tokio::test]
async fn orders_are_given_to_whoever_may_act_on_them_and_found_by_that() {
    for app in apps().await {
        let (admin, operator) = (app.sign_in_as(Role::Admin).await, app.sign_in_as(Role::Operator).await);
        app.create_user("viewer@example.com", Role::Viewer).await;
        let connection = app.connect("1").await;
        let first = app.record(&connection, &order("576400000000000001", app.now())).await;
        let second = app.record(&connection, &order("576400000000000002", app.now())).await;
        let assign = async |id: shared::OrderId, body: Value| {
            let request = app.post(&format!("/api/v1/orders/{id}/actions")).by(&operator);
            answer(request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).json(&body)).await
        };
        let of = async |query: &str| {
            let (status, page) = answer(app.get(&format!("/api/v1/orders?{query}")).by(&operator)).await;
            assert_eq!(status, 200, "{page}");
            let ids = page["items"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap());
            ids.collect::<Vec<_>>()
        };
        let id_of = async |email: &str| find(&app, &admin, email).await["id"].clone();

        let (_, people) = answer(app.get("/api/v1/assignees").by(&operator)).await;
        let emails: Vec<_> = people.as_array().unwrap().iter().map(|it| it["email"].clone()).collect();
        assert_eq!(emails, ["admin@example.com", "operator@example.com"], "nobody who may only look");
        let ours = id_of("operator@example.com").await;
        let (status, done) = assign(first, json!({ "action": "assign", "assignee_id": ours })).await;
        assert_eq!((status, &done["result"]), (200, &json!("Assigned to operator@example.com.")));
        let (_, shown) = answer(app.get(&format!("/api/v1/orders/{first}")).by(&operator)).await;
        assert_eq!(shown["assignee"], json!({ "id": ours, "email": "operator@example.com" }));
        assert_eq!(of(&format!("assignee={ours}")).await, [first.0]);
        assert_eq!(of("assignee=empty").await, [second.0]);

        for other in [id_of("viewer@example.com").await, json!(4_000)] {
            let (status, problem) = assign(second, json!({ "action": "assign", "assignee_id": other })).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/assignee_id")));
        }
        let (status, _) = assign(first, json!({ "action": "assign" })).await;
        assert_eq!((status, of("assignee=empty").await.len()), (200, 2));

        // Whoever leaves, leaves the orders to the others.
        assign(second, json!({ "action": "assign", "assignee_id": ours })).await;
        assert_eq!(of("assignee=empty").await, [first.0]);
        let path = format!("/api/v1/users/{ours}");
        assert_eq!(answer(delete(&app, &admin, &path)).await.0, 204);
        let (_, shown) = answer(app.get(&format!("/api/v1/orders/{second}")).by(&admin)).await;
        assert_eq!(shown["assignee"], Value::Null);
        app.stop().await;
    }
}
