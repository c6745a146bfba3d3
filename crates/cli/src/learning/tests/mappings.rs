//! Mappings, and everything that can be wrong with them at once.

use super::{parsed, wrong};

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let found = wrong(
        "name: odd\nlabel: { column: Sold, won: [yes], lost: [yes] }\nsplit: time\nattributes:\n  Size: nunber\n  \
         Text: { part: minute }\n  Days: { scale: 2, colour: red }\n  Deal: { from: deals }\nkeep: [Sise]\nleak_guard: maybe\n",
    );
    let expected = [
        "2:",
        "`yes` means won and lost",
        "3:8",
        "`arrived` must say",
        "5:9",
        "nunber",
        "6:17",
        "minute",
        "7:",
        "colour",
        "8:17",
        "nothing is joined as `deals`",
        "9:8",
        "there is no attribute `Sise`",
        "10:13",
        "maybe",
    ];
    let all = found.join("\n");
    assert!(expected.iter().all(|part| all.contains(part)), "{all}");
}

#[test]
fn a_mapping_must_say_what_is_learnt_from_and_who_was_won() {
    let all = wrong("name: empty\n").join("\n");
    assert!(all.contains("`label` is missing") && all.contains("nothing to learn from"), "{all}");
    let all = wrong("name: empty\nlabel: { column: Won, won: [] }\nrest: true\n").join("\n");
    assert!(all.contains("names no value that means won"), "{all}");
    let all = wrong("name: x\njoin: { d: { file: d.csv, on: id } }\nlabel: { found_in: d, won: [1] }\nrest: true\n")
        .join("\n");
    assert!(all.contains("does nothing beside it"), "{all}");
}

#[test]
fn columns_that_are_read_are_not_ignored() {
    let all = wrong(
        "name: x\nlabel: { column: Won, won: [1] }\nattributes: { Size: number }\nignore:\n  - { columns: [Size], reason: no }\n  - { columns: [Other] }\n",
    )
    .join("\n");
    assert!(all.contains("read above") && all.contains("reason"), "{all}");
}

#[test]
fn parts_of_the_arrival_know_its_format() {
    let mapping = parsed(
        "name: x\nlabel: { column: Won, won: [1] }\narrived: { column: At, format: '%d/%m/%Y' }\nattributes: { hour: { column: At, part: hour } }\n",
    );
    assert!(mapping.attributes[0].attribute.of_arrival);
    assert_eq!(format!("{:?}", mapping.attributes[0].derived).matches("%d/%m/%Y").count(), 1);
}
