//! An owner who does not even say yes, or leaves before the clock has run out.

use leadrouter_tests::requests::Request;

use super::{ROWS, Story, expected};

/// Who does not accept in the window loses the lead to the backup, and is told so if he comes a moment later.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_accept_loses_the_lead_to_the_backup() {
    for row in ROWS.iter().filter(|row| row.accept.is_some()) {
        let accept = row.accept.unwrap();
        let mut story = Story::begin(row, ", backup: ben", "").await;
        story.forward(accept).await;
        let seen = story.world.lead(&story.lead.name).await;
        let late = Request::accept(&story.lead.name, seen.etag, "reps/ana").send(&story.world.clients).await;
        let refused = late.unwrap_err();
        assert!(refused.message().contains("reps/ben"), "{refused}");
        story.at(accept + 1, |name, etag| Request::respond(name, etag, "reps/ben")).await;
        let told = story.told(row.steps[3] + 1).await;
        let reminder = (row.steps[0] == accept).then_some((accept, "remind reps/ben"));
        let lines = [(0, "assigned reps/ana"), (accept, "offer reps/ben"), (accept, "assigned reps/ben")];
        let lines: Vec<_> = lines.into_iter().chain(reminder).chain([(accept + 1, "responded reps/ben")]).collect();
        assert_eq!(told, expected(&lines), "{}", row.sla);
        story.world.end().await;
    }
}

/// Ana is away when the reminder is due, and hears of it when she is back: nobody else's turn comes before.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_is_reminded_afterwards() {
    let row = super::Row {
        // Monday, 15:00 in New York: the reminder is due on Tuesday, 15:00, when Ana has a day off; on Wednesday at nine she is back.
        arrives: "2026-11-16T20:00:00Z",
        ..ROWS[2]
    };
    let mut story = Story::begin(&row, "", "").await;
    story.at(1, |name, etag| Request::accept(name, etag, "reps/ana")).await;
    story.away("ana", "2026-11-17T05:00:00Z", "2026-11-18T05:00:00Z").await;
    let back = 42 * super::HOUR;
    story.at(back + 5, |name, etag| Request::respond(name, etag, "reps/ana")).await;
    let told = story.told(row.steps[3] + 1).await;
    let lines = [
        (0, "assigned reps/ana"),
        (1, "accepted reps/ana"),
        (back, "remind reps/ana"),
        (back + 5, "responded reps/ana"),
    ];
    assert_eq!(told, expected(&lines));
    story.world.end().await;
}
