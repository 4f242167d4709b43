//! AWS: whose keys sign the calls of a deployment. What is written counts before what the environment has, and there the
//! order is that of AWS's own tools.

use std::path::{Path, PathBuf};

use millrace_actors::credential::SigningKeys;
use millrace_actors::secret::Secret;

use crate::config::reader::{Reader, Section};
use crate::credentials::aws::{
    Authorization, Aws, Container, ECS, Files, IMDS, Profile, Role, SESSION, Statement, Sts, Way, is_container_host,
};
use crate::credentials::{Address, Source};

/// Keys that say whose keys are meant: where one is written, nothing of the environment may win.
const OWN: [&str; 3] = ["aws_profile_name", "aws_role_name", "aws_web_identity_token"];

/// Whether a deployment says whose keys are meant, without giving them.
pub(super) fn is_written(params: &Section<'_>) -> bool {
    OWN.iter().any(|name| params.get(name).is_some())
}

/// Where the keys of a deployment in `region` come from. `keys` are those that are written, or that the environment has.
pub(super) fn credential(
    reader: &mut Reader<'_>,
    params: &Section<'_>,
    region: &str,
    (written, of_env): (Option<SigningKeys>, Option<SigningKeys>),
) -> Option<Source> {
    let sts = sts(reader, params, region)?;
    let text = |reader: &mut Reader<'_>, name: &str| reader.text(params, name).map(|text| text.value.to_string());
    let role = text(reader, "aws_role_name").map(|arn| Role {
        arn,
        session: text(reader, "aws_session_name").unwrap_or_else(|| SESSION.to_owned()),
        external_id: text(reader, "aws_external_id"),
    });
    if let Some(token) = text(reader, "aws_web_identity_token") {
        let Some(role) = role else {
            let path = params.path("aws_role_name");
            let message = format!("`{path}` is missing: a web identity is for a role");
            reader.error("MR1039", (params.node, &path), &message, &format!("add `{path}`"));
            return None;
        };
        let statement = match token.strip_prefix("oidc/file/") {
            Some(file) => Statement::File(file.into()),
            None => Statement::Text(Secret::new(token)),
        };
        return Some(source(Way::Identity(sts, role, statement)));
    }
    let profile = text(reader, "aws_profile_name");
    let way = match (written, profile) {
        (Some(keys), _) => Some(Way::Keys(keys)),
        (None, Some(name)) => Some(shared(reader, params, name, sts.clone())),
        (None, None) => of_environment(reader, params, of_env, &sts),
    };
    match role {
        Some(role) => way.map(|way| source(Way::Role(sts, role, Box::new(way)))),
        None => way.map(source),
    }
}

fn source(way: Way) -> Source {
    Source::Aws(Aws::new(way))
}

/// What AWS's tools would take, in their order; each place that is not set is passed over.
fn of_environment(reader: &mut Reader<'_>, params: &Section<'_>, keys: Option<SigningKeys>, sts: &Sts) -> Option<Way> {
    if let Some(keys) = keys {
        return Some(Way::Keys(keys));
    }
    let vars = |name: &str| reader.vars.first(&[name]).map(|value| value.trim().to_owned());
    if let Some((file, arn)) = vars("AWS_WEB_IDENTITY_TOKEN_FILE").zip(vars("AWS_ROLE_ARN")) {
        let session = vars("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| SESSION.to_owned());
        let role = Role { arn, session, external_id: None };
        return Some(Way::Identity(sts.clone(), role, Statement::File(file.into())));
    }
    let named = vars("AWS_PROFILE");
    let files = files(reader);
    if named.is_some() || files.credentials.is_file() || files.config.is_file() {
        return Some(shared(reader, params, named.unwrap_or_else(|| "default".to_owned()), sts.clone()));
    }
    if let Some(container) = container(reader, params) {
        return container.map(Way::Container);
    }
    if vars("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        let path = params.path("aws_access_key_id");
        let message = format!("`{path}` is missing, and the environment has no keys either");
        let help = "add `aws_access_key_id` and `aws_secret_access_key`, or `aws_profile_name`; or a bearer token as \
            `api_key`, or set AWS_BEARER_TOKEN_BEDROCK";
        reader.error("MR1039", (params.node, &path), &message, help);
        return None;
    }
    machine(reader, params).map(Way::Machine)
}

fn shared(reader: &mut Reader<'_>, params: &Section<'_>, name: String, sts: Sts) -> Way {
    let mut sources = Vec::new();
    let pair = |id: &str, secret: &str| reader.vars.first(&[id]).zip(reader.vars.first(&[secret]));
    if let Some((id, secret)) = pair("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") {
        let session = reader.vars.first(&["AWS_SESSION_TOKEN"]).map(Secret::new);
        sources.push(("Environment", Way::Keys(SigningKeys { id, secret: Secret::new(secret), session })));
    }
    if let Some(container) = container(reader, params).flatten() {
        sources.push(("EcsContainer", Way::Container(container)));
    }
    if let Some(address) = machine(reader, params) {
        sources.push(("Ec2InstanceMetadata", Way::Machine(address)));
    }
    Way::Profile(Profile { name, files: files(reader), sts, sources })
}

/// Where the shared files are: as variables say, or in the home folder.
fn files(reader: &Reader<'_>) -> Files {
    let home = reader.vars.first(&["HOME"]).unwrap_or_default();
    let file = |variable: &str, name: &str| {
        let own = reader.vars.first(&[variable]).map(PathBuf::from);
        own.unwrap_or_else(|| Path::new(&home).join(".aws").join(name))
    };
    Files { credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), config: file("AWS_CONFIG_FILE", "config") }
}

/// What runs beside a container, if this is one; `Some(None)` where it cannot be asked, which has been told.
fn container(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<Option<Container>> {
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let relative = reader.vars.first(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]);
    let text = match (relative, reader.vars.first(&[FULL])) {
        (Some(path), _) => format!("{ECS}/{}", path.trim().trim_start_matches('/')),
        (None, Some(whole)) => whole.trim().to_owned(),
        (None, None) => return None,
    };
    let address = parsed(reader, params, (FULL, &text));
    let far = address.as_ref().is_some_and(|address| !address.is_https() && !is_container_host(address.host()));
    if far {
        let message = format!("the address in {FULL} is neither https nor this machine's, ECS's or EKS's own");
        reader.error("MR1033", (params.node, &params.path("aws_access_key_id")), &message, "correct the variable");
        return Some(None);
    }
    let file = reader.vars.first(&["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]);
    let text = reader.vars.first(&["AWS_CONTAINER_AUTHORIZATION_TOKEN"]);
    let authorization = file.map(|file| Authorization::File(file.trim().into()));
    let authorization = authorization.or_else(|| text.map(|text| Authorization::Text(Secret::new(text))));
    Some(address.map(|address| Container { address, authorization }))
}

/// The metadata service of this machine, if it is one of AWS's.
fn machine(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<Address> {
    const VARIABLE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    const IPV6: &str = "http://[fd00:ec2::254]";
    let ipv6 = reader.vars.first(&["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]);
    let usual = if ipv6.is_some_and(|mode| mode.trim().eq_ignore_ascii_case("ipv6")) { IPV6 } else { IMDS };
    let text = reader.vars.first(&[VARIABLE]).unwrap_or_else(|| usual.to_owned());
    parsed(reader, params, (VARIABLE, text.trim()))
}

/// The token service: as written, as the environment says, or the region's own.
fn sts(reader: &mut Reader<'_>, params: &Section<'_>, region: &str) -> Option<Sts> {
    let written = reader.text(params, "aws_sts_endpoint").map(|text| text.value.to_string());
    let text = written.or_else(|| reader.vars.first(&["AWS_ENDPOINT_URL_STS"]));
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let text = text.unwrap_or_else(|| format!("https://sts.{region}.{domain}"));
    let address = parsed(reader, params, ("aws_sts_endpoint", text.trim()))?;
    Some(Sts { address, region: region.to_owned() })
}

fn parsed(reader: &mut Reader<'_>, params: &Section<'_>, (name, text): (&str, &str)) -> Option<Address> {
    match Address::parse(text) {
        Ok(address) => Some(address),
        Err(problem) => {
            let path = params.path("aws_sts_endpoint");
            let node = params.get("aws_sts_endpoint").unwrap_or(params.node);
            let message = format!("the address in {name} cannot be called: {problem}");
            reader.error("MR1033", (node, &path), &message, "write an address such as `https://host`");
            None
        }
    }
}
