//! Whoever answers in time hears nothing more.

use leadrouter_tests::requests::Request;

use super::{ROWS, Story, expected};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_happens_to_a_lead_that_is_answered_in_time() {
    for row in &ROWS {
        let mut story = Story::begin(row, "", "").await;
        story.at(1, |name, etag| Request::accept(name, etag, "reps/ana")).await;
        // The last minute of the time to answer, and before the reminder of an event lead.
        let answered = row.respond.min(row.steps[0]) - 1;
        story.at(answered, |name, etag| Request::respond(name, etag, "reps/ana")).await;
        let told = story.told(row.steps[3] + 1).await;
        let lines = [(0, "assigned reps/ana"), (1, "accepted reps/ana"), (answered, "responded reps/ana")];
        assert_eq!(told, expected(&lines), "{}", row.sla);
        story.world.end().await;
    }
}
