//! The boundary of a form, as its `content-type` names it.

use super::broken::Broken;

/// The longest boundary (RFC 2046, 5.1.1).
const LONGEST: usize = 70;

/// The boundary in a `content-type` of `multipart/form-data`.
///
/// # Errors
/// It is another type, or names no boundary that every reader would read the same.
pub fn of(content_type: &str) -> Result<String, Broken> {
    let mut parameters = content_type.split(';');
    let kind = parameters.next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        return Err(Broken("the content type is not `multipart/form-data`"));
    }
    let named = |parameter: &&str| {
        parameter.trim().split_once('=').is_some_and(|(name, _)| name.eq_ignore_ascii_case("boundary"))
    };
    let mut found = parameters.filter(named);
    let (Some(parameter), None) = (found.next(), found.next()) else {
        return Err(Broken("the content type must name one boundary"));
    };
    let value = parameter.trim().split_once('=').map_or("", |(_, value)| value);
    let quoted = value.strip_prefix('"').map(|value| value.strip_suffix('"').unwrap_or_default());
    let text = quoted.unwrap_or(value);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    match !text.is_empty() && text.len() <= LONGEST && !text.ends_with(' ') && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(Broken("the boundary must be 1 to 70 letters, digits and `'()+_,-./:=?` (RFC 2046, 5.1.1)")),
    }
}

/// The `content-type` of a form with this boundary. In quotes only where it must be: not every reader takes them off.
pub fn content_type(boundary: &str) -> String {
    match boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'+_-.".contains(&byte)) {
        true => format!("multipart/form-data; boundary={boundary}"),
        false => format!("multipart/form-data; boundary=\"{boundary}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_read_and_written_again() {
        for (text, want) in [
            ("multipart/form-data; boundary=----formdata-undici-01", "----formdata-undici-01"),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b=c\"", "a b=c"),
        ] {
            let boundary = of(text).unwrap();
            assert_eq!(boundary, want);
            assert_eq!(of(&content_type(&boundary)).unwrap(), want);
        }
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for bad in [
            "",
            "application/json",
            "multipart/mixed; boundary=a",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=a\"b",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=\"a;b\"",
            &long,
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
