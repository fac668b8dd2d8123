//! The promises of the crate, each against a real PostgreSQL.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hyvve_postgres::{Cluster, Options, Running};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

type Outcome = Result<(), Box<dyn Error>>;

/// Runs SQL with the `psql` that comes with the server, and returns what it prints.
fn sql(cluster: &Cluster, url: &str, statement: &str) -> Result<String, Box<dyn Error>> {
    let output = Command::new(cluster.binaries().program("psql")).args(["-XqAtc", statement, url]).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

fn ask(cluster: &Cluster, statement: &str) -> Result<String, Box<dyn Error>> {
    sql(cluster, &cluster.superuser_url("postgres"), statement)
}

fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn wait_until_gone(pid: u32) -> bool {
    let start = Instant::now();
    while is_alive(pid) && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(20));
    }
    !is_alive(pid)
}

#[test]
fn data_survives_a_stop_in_a_path_with_spaces_too_long_for_a_socket() -> Outcome {
    let folder = tempfile::tempdir()?;
    let directory = folder.path().join("a path, with \"spaces\"").join("long ".repeat(20).trim());
    let options = Options::kept(&directory);
    let cluster = Cluster::start(&options)?;
    ask(&cluster, "CREATE TABLE kept AS SELECT 42 AS answer")?;
    let pid = cluster.pid();
    cluster.stop()?;
    assert!(!is_alive(pid));

    let cluster = Cluster::start(&options)?;
    assert_eq!(ask(&cluster, "SELECT answer FROM kept")?, "42");
    Ok(())
}

#[test]
fn a_killed_server_is_recovered_with_what_was_committed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = Options::kept(folder.path().join("cluster"));
    let mut cluster = Cluster::start(&options)?;
    ask(&cluster, "CREATE TABLE kept AS SELECT 42 AS answer")?;

    kill(Pid::from_raw(cluster.pid().cast_signed()), Signal::SIGKILL)?;
    cluster.restart()?;
    assert_eq!(ask(&cluster, "SELECT answer FROM kept")?, "42");

    kill(Pid::from_raw(cluster.pid().cast_signed()), Signal::SIGKILL)?;
    drop(cluster);
    let cluster = Cluster::start(&options)?;
    assert_eq!(ask(&cluster, "SELECT answer FROM kept")?, "42");
    Ok(())
}

#[test]
fn a_pid_file_whose_number_now_means_another_process_is_no_obstacle() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = Options::kept(folder.path().join("cluster"));
    Cluster::start(&options)?.stop()?;
    let data = fs::canonicalize(folder.path().join("cluster"))?.join("data");
    fs::write(data.join("postmaster.pid"), format!("{}\n{}\n1\n5432\n\n\n", std::process::id(), data.display()))?;

    let cluster = Cluster::start(&options)?;
    assert_eq!(ask(&cluster, "SELECT 1")?, "1");
    Ok(())
}

#[test]
fn a_half_made_data_directory_is_made_again() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = Options::kept(folder.path().join("cluster"));
    Cluster::start(&options)?.stop()?;
    let directory = fs::canonicalize(folder.path().join("cluster"))?;
    fs::remove_dir_all(directory.join("data"))?;
    fs::create_dir_all(directory.join("data.new/base"))?;

    let cluster = Cluster::start(&options)?;
    assert_eq!(ask(&cluster, "SHOW server_encoding")?, "UTF8");
    Ok(())
}

#[test]
fn root_may_ask_for_a_directory_that_is_closed_to_others() -> Outcome {
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    let options = Options::kept(folder.path().join("cluster"));
    let cluster = Cluster::start(&options)?;
    ask(&cluster, "CREATE TABLE kept AS SELECT 42 AS answer")?;
    cluster.stop()?;

    let cluster = Cluster::start(&options)?;
    assert_eq!(ask(&cluster, "SELECT answer FROM kept")?, "42");
    cluster.stop()?;
    fs::remove_dir_all(fs::canonicalize(folder.path().join("cluster"))?)?;
    Ok(())
}

#[test]
fn one_directory_has_one_owner() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = Options::kept(folder.path().join("cluster"));
    let cluster = Cluster::start(&options)?;
    let refused = Cluster::start(&options).err().ok_or("a second owner was let in")?;
    assert!(refused.to_string().contains(&format!("in use by process {}", std::process::id())), "{refused}");
    assert_eq!(ask(&cluster, "SELECT 1")?, "1");
    Ok(())
}

#[test]
fn whoever_does_not_own_a_cluster_finds_it_while_it_runs() -> Outcome {
    let folder = tempfile::tempdir()?;
    let long = folder.path().join("too long for a socket ".repeat(5).trim());
    for directory in [folder.path().join("cluster"), long] {
        assert!(Running::find(&directory).is_none(), "there is none yet");
        let cluster = Cluster::start(&Options::kept(&directory))?;
        let found = Running::find(&directory).ok_or("it runs and was not found")?;
        assert_eq!(sql(&cluster, &found.url("postgres", "postgres"), "SELECT 1")?, "1");
        cluster.stop()?;
        assert!(Running::find(&directory).is_none(), "it was stopped");
    }
    Ok(())
}

#[test]
fn only_named_roles_may_log_in_and_only_over_the_socket() -> Outcome {
    let cluster = Cluster::start(&Options::throw_away())?;
    ask(&cluster, "CREATE ROLE hyvve_app LOGIN; CREATE ROLE stranger LOGIN SUPERUSER")?;
    assert_eq!(sql(&cluster, &cluster.url("hyvve_app", "postgres"), "SELECT current_user")?, "hyvve_app");
    let refused =
        sql(&cluster, &cluster.url("stranger", "postgres"), "SELECT 1").err().ok_or("a stranger was let in")?;
    assert!(refused.to_string().contains("Peer authentication failed"), "{refused}");
    assert_eq!(ask(&cluster, "SHOW listen_addresses")?, "");
    let socket = ask(&cluster, "SHOW unix_socket_directories")?;
    assert_eq!(fs::metadata(socket)?.permissions().mode() & 0o777, 0o700);
    Ok(())
}

#[test]
fn a_cluster_that_is_thrown_away_leaves_nothing() -> Outcome {
    let cluster = Cluster::start(&Options::throw_away())?;
    let directory = cluster.log().parent().map(Path::to_owned).ok_or("no directory")?;
    assert!(directory.exists());
    cluster.stop()?;
    assert!(!directory.exists());
    Ok(())
}

/// Not a test by itself: the owner that the next test kills.
#[test]
#[ignore = "run by `a_killed_owner_takes_its_server_with_it`"]
fn an_owner_that_waits_to_be_killed() -> Outcome {
    let directory = std::env::var("HYVVE_TEST_CLUSTER")?;
    let cluster = Cluster::start(&Options::kept(&directory))?;
    fs::write(Path::new(&directory).join("server"), cluster.pid().to_string())?;
    thread::sleep(Duration::from_mins(1));
    Ok(())
}

fn owner_of(directory: &Path) -> Result<(Child, u32), Box<dyn Error>> {
    let sign = directory.join("server");
    drop(fs::remove_file(&sign));
    let owner = Command::new(std::env::current_exe()?)
        .args(["--ignored", "--exact", "an_owner_that_waits_to_be_killed"])
        .env("HYVVE_TEST_CLUSTER", directory)
        .stdout(Stdio::null())
        .spawn()?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(1) {
        if let Some(pid) = fs::read_to_string(&sign).ok().and_then(|pid| pid.parse().ok()) {
            return Ok((owner, pid));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err("the owner did not start".into())
}

#[test]
fn a_killed_owner_takes_its_server_with_it() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (mut owner, server) = owner_of(folder.path())?;
    owner.kill()?;
    owner.wait()?;
    let next = Cluster::start(&Options::kept(folder.path()))?;
    assert!(!is_alive(server), "two servers on one directory");
    next.stop()?;

    let (mut owner, server) = owner_of(folder.path())?;
    owner.kill()?;
    owner.wait()?;
    assert!(wait_until_gone(server), "PostgreSQL outlived its owner");
    Ok(())
}
