//! Whoever answers late is reminded, and keeps the lead.

use leadrouter_tests::requests::Request;

use super::{ROWS, Story, expected};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_late_is_reminded_and_an_answer_ends_the_chain() {
    for row in &ROWS {
        let mut story = Story::begin(row, "", "").await;
        story.at(1, |name, etag| Request::accept(name, etag, "reps/ana")).await;
        let answered = row.steps[1] - 1;
        story.at(answered, |name, etag| Request::respond(name, etag, "reps/ana")).await;
        let told = story.told(row.steps[3] + 1).await;
        let lines = [
            (0, "assigned reps/ana"),
            (1, "accepted reps/ana"),
            (row.steps[0], "remind reps/ana"),
            (answered, "responded reps/ana"),
        ];
        assert_eq!(told, expected(&lines), "{}", row.sla);
        story.world.end().await;
    }
}
