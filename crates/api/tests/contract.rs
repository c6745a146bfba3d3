//! What every part of the contract must have, beyond what a linter of protos looks at.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::PathBuf};

use protox::{
    Compiler,
    prost_reflect::{DescriptorPool, FieldDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor, Value},
};

const REQUIRED: i32 = 2;

/// The files of the contract, with comments and options.
fn contract() -> Vec<FileDescriptor> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let mut compiler = Compiler::new([&root]).unwrap();
    compiler.include_source_info(true).include_imports(true);
    for entry in fs::read_dir(root.join("leadrouter/v1")).unwrap() {
        compiler.open_file(entry.unwrap().path()).unwrap();
    }
    compiler.descriptor_pool().files().filter(|file| file.package_name() == "leadrouter.v1").collect()
}

fn behaviours(field: &FieldDescriptor) -> Vec<i32> {
    let extension = field.parent_pool().get_extension_by_name("google.api.field_behavior").unwrap();
    let value = field.options().get_extension(&extension).into_owned();
    value.as_list().unwrap().iter().filter_map(Value::as_enum_number).collect()
}

fn is_request(message: &MessageDescriptor) -> bool {
    message.name().ends_with("Request")
}

#[test]
fn everything_is_documented() {
    let mut bare = Vec::new();
    for file in contract() {
        let info = file.file_descriptor_proto().source_code_info.clone().unwrap();
        let documented = |path: &[i32]| {
            info.location.iter().any(|place| place.path == path && !place.leading_comments().trim().is_empty())
        };
        let mut expect = |path: &[i32], name: &str| {
            if !documented(path) {
                bare.push(name.to_owned());
            }
        };
        for message in file.messages().filter(|message| !message.is_map_entry()) {
            expect(message.path(), message.full_name());
            message.fields().for_each(|field| expect(field.path(), field.full_name()));
        }
        for list in file.enums() {
            expect(list.path(), list.full_name());
            list.values().for_each(|value| expect(value.path(), value.full_name()));
        }
        for service in file.services() {
            expect(service.path(), service.full_name());
            service.methods().for_each(|method| expect(method.path(), method.full_name()));
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn every_field_of_a_request_says_how_it_behaves() {
    let requests = contract().into_iter().flat_map(|file| file.messages().collect::<Vec<_>>()).filter(is_request);
    let silent: Vec<String> = requests
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .filter(|field| behaviours(field).len() != 1)
        .map(|field| field.full_name().to_owned())
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

/// What a method needs, by the option that stands with it.
fn permission(method: &MethodDescriptor) -> i32 {
    let extension = method.parent_pool().get_extension_by_name("leadrouter.v1.permission").unwrap();
    method.options().get_extension(&extension).as_enum_number().unwrap()
}

#[test]
fn every_method_names_a_permission_and_what_changes_something_none_to_read() {
    use leadrouter_api::v1::Permission as P;
    let reading =
        [P::LeadsRead, P::DirectoryRead, P::PoliciesRead, P::ModelsRead, P::SubscriptionsRead].map(|p| p as i32);
    for method in contract()
        .iter()
        .flat_map(|file| file.services().collect::<Vec<_>>())
        .flat_map(|s| s.methods().collect::<Vec<_>>())
    {
        let permission = permission(&method);
        assert!(permission > 0, "{}", method.full_name());
        if method.input().get_field_by_name("request_id").is_some() {
            assert!(!reading.contains(&permission), "{}", method.full_name());
        }
    }
}

#[test]
fn mutations_take_a_request_id_and_commands_the_etag() {
    let service = contract().into_iter().flat_map(|file| file.services().collect::<Vec<_>>());
    let methods: Vec<_> = service.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    let reads = ["Get", "List", "Batch", "Score", "Explain", "Validate", "Watch"];
    let mutations: Vec<_> =
        methods.iter().filter(|method| !reads.iter().any(|verb| method.name().starts_with(verb))).collect();
    assert!(mutations.len() > 30, "{}", mutations.len());
    for method in mutations {
        // What comes in a stream is a request of its own.
        let input = if method.is_client_streaming() {
            let request = method.input().get_field_by_name("request").unwrap();
            request.kind().as_message().unwrap().clone()
        } else {
            method.input()
        };
        assert!(input.get_field_by_name("request_id").is_some(), "{}", method.name());
        // A lead that is new has no etag, and of many leads the server reads them itself.
        let is_about_one = !["RouteLead", "Bulk"].iter().any(|verb| method.name().starts_with(verb));
        let command = is_about_one && method.parent_service().name() == "AssignmentService";
        if command {
            let etag = method.input().get_field_by_name("etag").unwrap();
            assert_eq!(behaviours(&etag), [REQUIRED], "{}", method.name());
        }
    }
}

#[test]
fn lists_are_paged() {
    for file in contract() {
        for method in file.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            if method.name().starts_with("List") {
                let input = method.input();
                assert!(input.get_field_by_name("page_size").is_some(), "{}", method.name());
                assert!(input.get_field_by_name("page_token").is_some(), "{}", method.name());
                assert!(method.output().get_field_by_name("next_page_token").is_some(), "{}", method.name());
            }
        }
    }
}

/// Reflection serves these bytes: they must be whole, keep the field behaviours, and leave out the comments.
#[test]
fn the_embedded_descriptors_are_whole() {
    let pool = DescriptorPool::decode(leadrouter_api::FILE_DESCRIPTOR_SET).unwrap();
    for service in ["Scoring", "Assignment", "Directory", "Policy", "Escalation", "Subscription"] {
        assert!(pool.get_service_by_name(&format!("leadrouter.v1.{service}Service")).is_some(), "{service}");
    }
    let request = pool.get_message_by_name("leadrouter.v1.AcceptLeadRequest").unwrap();
    assert_eq!(behaviours(&request.get_field_by_name("name").unwrap()), [REQUIRED]);
    assert!(pool.files().all(|file| file.file_descriptor_proto().source_code_info.is_none()));
}
