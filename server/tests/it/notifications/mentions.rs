//! Mentions in comments.

use super::*;

#[tokio::test]
async fn a_mention_tells_whoever_sees_the_item_and_of_several_nobody_is_guessed() {
    let world = World::new().await;
    let office = Office::open(&world.app).await;
    let vic = person(&world.app, &office.grace, "Vic", "viewer").await;
    let said = office.comment(&office.grace, "@Ada: is this right? @Mia and @Vic, and @Nobody <b>@Ada</b>").await;
    let comment = said.expect(200).body["data"]["comments"][0].clone();
    let mentions = comment["mentions"].as_array().unwrap();
    let ada = user_of(&office.ada).await;
    assert_eq!(mentions.len(), 2, "Mia and Vic do not see it: {mentions:?}");
    assert_eq!(mentions[0], json!({ "userId": ada, "start": 0, "length": 4 }));
    let mentioned = told(&office.ada, "mentioned").await;
    assert_eq!(mentioned.len(), 1, "one comment, one notification");
    for other in [&office.mia, &vic, &office.grace] {
        assert!(told(other, "mentioned").await.is_empty());
    }
    let letter = world.letter("ada@example.com", "Somebody mentions you").await;
    assert!(letter.contains(&format!("/approvals/{}", id(&office.story.change))), "{letter}");

    let other = world.app.sign_up("Adele").await;
    let named = json!({ "name": "Ada Byron" });
    other.post("/api/auth/update-user", &named).await.expect(200);
    join(&office.grace, &other, "admin").await;
    let guessed = office.comment(&office.grace, "@ada!").await;
    let error = &guessed.expect(400).body["error"];
    assert_eq!((&error["details"]["constraint"], &error["details"]["field"]), (&json!("ambiguous"), &json!("body")));
    office.comment(&office.grace, "@Ada Byron!").await.expect(200);
    assert_eq!(told(&office.ada, "mentioned").await.len(), 1);
}

#[tokio::test]
async fn what_a_name_holds_is_text_on_every_page_and_in_every_letter() {
    let world = World::new().await;
    let office = Office::open(&world.app).await;
    let name = "<img src=x onerror=alert(1)>";
    office.ada.post("/api/auth/update-user", &json!({ "name": name })).await.expect(200);
    office.comment(&office.ada, &format!("@Grace and @{name}")).await.expect(200);
    let slug = office.grace.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    for page in [format!("/w/{slug}/notifications"), format!("/w/{slug}/approvals/{}", id(&office.story.change))] {
        let page = office.grace.get(&page).await.expect(200).text.clone();
        assert!(page.contains("&lt;img src=x"), "{page}");
        assert!(!page.contains("<img src=x"), "{page}");
    }
    let page = office.grace.get(&format!("/w/{slug}/approvals/{}", id(&office.story.change))).await.text;
    assert!(page.contains("class=\"mention\""), "{page}");
    world.letter("grace@example.com", "Somebody mentions you").await;
}

#[tokio::test]
async fn who_mentions_others_again_and_again_is_asked_to_wait() {
    let app = TestApp::start_with(&[("HYVVE_LIMIT_MENTIONS", "2/1h")]).await;
    let office = Office::open(&app).await;
    // Often in one comment is once.
    office.comment(&office.grace, &"@Ada ".repeat(200)).await.expect(200);
    assert_eq!(told(&office.ada, "mentioned").await.len(), 1);
    office.comment(&office.grace, "@Ada").await.expect(200);
    let refused = office.comment(&office.grace, "@Ada").await;
    assert_eq!(refused.expect(429).body["error"]["code"], "RATE_LIMITED");
    office.comment(&office.grace, "Never mind.").await.expect(200);
    office.comment(&office.ada, "@Grace").await.expect(200);
    assert_eq!(told(&office.ada, "mentioned").await.len(), 2);
}
