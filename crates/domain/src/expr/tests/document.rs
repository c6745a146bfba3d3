//! Conditions inside of YAML.

use super::*;
use crate::yaml;

fn problems(text: &str) -> Vec<String> {
    let read = yaml::read(text, 1 << 20, |root| {
        let map = root.map(&["attributes", "when"])?;
        let attributes = map.get("attributes").map(read_attributes).unwrap_or_default();
        ProgramBuilder::new(Schema::for_policy(&attributes)).add_field(map.require("when")?)
    });
    read.err().unwrap_or_default().into_iter().map(|problem| problem.to_string()).collect()
}

#[test]
fn errors_stand_where_the_condition_stands() {
    let text = "attributes: { course: text, no-mail: flag, in: text, visits: int }\nwhen: >-\n  lead.attributes.course == 3\n  || lead.contry == \"FR\"\n";
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    1:29: attributes: `no-mail` can't be written in a condition: expected a letter or _, then letters, digits and _, and no word of the condition language
    1:44: attributes: `in` can't be written in a condition: expected a letter or _, then letters, digits and _, and no word of the condition language
    1:62: attributes.visits: expected one of text, number, flag, found `int`
    3:3: when: `lead.attributes.course` is text, and `3` is a number: they can't be compared
    4:6: when: there is no `lead.contry`; did you mean lead.country?
    "#);
}

#[test]
fn what_is_declared_can_be_read() {
    assert_eq!(problems("attributes: { course: text }\nwhen: lead.attributes.course == 'MBA'"), Vec::<String>::new());
    assert_eq!(problems("when: true"), Vec::<String>::new());
}
