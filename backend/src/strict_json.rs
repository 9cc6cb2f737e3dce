//! JSON as JSON Schema means it, where serde is of another mind: an object is never written as an array of its values,
//! and a whole number may be written as `3.0`.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};

/// Beyond this, a float does not tell whole numbers apart.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A deserializer that reads so, and all values inside.
pub struct Strict<D> {
    inner: D,
    /// Whether this is inside of what may be anything, and is kept as it is until its type is known.
    kept: bool,
}

impl<D> Strict<D> {
    pub const fn new(inner: D) -> Self {
        Self { inner, kept: false }
    }
}

/// What stands there, and what is wanted.
struct Wanted<V> {
    visitor: V,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    /// Whatever there is: an enum whose variant is told inside of an object, which serde also takes from an array.
    Any,
    /// What is inside of that: nothing tells any more whether it is a whole number or a struct.
    Kept,
    Other,
}

macro_rules! forward {
    ($($kind:ident: $($method:ident)+;)+) => {$($(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(Wanted { visitor, kind: Kind::$kind })
        }
    )+)+};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    forward! {
        Whole: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        Other: deserialize_bool deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
            deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
            deserialize_identifier deserialize_ignored_any;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let kind = if self.kept { Kind::Kept } else { Kind::Any };
        self.inner.deserialize_any(Wanted { visitor, kind })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Wanted { visitor, kind: Kind::Other })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, Wanted { visitor, kind: Kind::Other })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(length, Wanted { visitor, kind: Kind::Other })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, length, Wanted { visitor, kind: Kind::Other })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, Wanted { visitor, kind: Kind::Other })
    }
}

impl<V> Wanted<V> {
    fn keeps(&self) -> bool {
        matches!(self.kind, Kind::Any | Kind::Kept)
    }
}

macro_rules! visit {
    ($($method:ident($type:ty))+) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        }
    )+};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Wanted<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    visit! {
        visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_char(char) visit_str(&str) visit_borrowed_str(&'de str)
        visit_string(String) visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if matches!(self.kind, Kind::Whole | Kind::Kept)
            && value.fract() == 0.0
            && value.abs() < LARGEST_WHOLE
        {
            return self.visitor.visit_i64(value as i64);
        }
        self.visitor.visit_f64(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict::new(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict::new(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<V::Value, A::Error> {
        if self.kind == Kind::Any {
            return Err(A::Error::invalid_type(Unexpected::Seq, &"an object"));
        }
        let kept = self.keeps();
        self.visitor.visit_seq(Inside { values, kept })
    }

    fn visit_map<A: MapAccess<'de>>(self, values: A) -> Result<V::Value, A::Error> {
        let kept = self.keeps();
        self.visitor.visit_map(Inside { values, kept })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(variant)
    }
}

/// The values inside of another one.
struct Inside<A> {
    values: A,
    kept: bool,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.values.next_element_seed(Seed { seed, kept: self.kept })
    }

    fn size_hint(&self) -> Option<usize> {
        self.values.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.values.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.values.next_value_seed(Seed { seed, kept: self.kept })
    }

    fn size_hint(&self) -> Option<usize> {
        self.values.size_hint()
    }
}

struct Seed<S> {
    seed: S,
    kept: bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Strict { inner, kept: self.kept })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parcel {
        units: u32,
        #[serde(default)]
        label: Option<Label>,
        #[serde(default)]
        parts: Vec<Label>,
        #[serde(default)]
        weights: BTreeMap<String, i64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Label {
        text: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "action", rename_all = "snake_case")]
    enum Request {
        Sync {},
        Tag { add: Vec<String> },
        Adopt { store_order_id: i64, label: Option<Label> },
    }

    fn read<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
        T::deserialize(Strict::new(&mut serde_json::Deserializer::from_str(json)))
    }

    #[test]
    fn objects_are_read_as_ever() {
        let json = r#"{"units":2,"label":{"text":"a"},"parts":[{"text":"b"}],"weights":{"x":3}}"#;

        assert_eq!(read::<Parcel>(json).unwrap(), serde_json::from_str(json).unwrap());
        assert_eq!(read::<Parcel>(r#"{"units":2,"label":null}"#).unwrap().label, None);
        assert_eq!(read::<Request>(r#"{"action":"sync"}"#).unwrap(), Request::Sync {});
        let tag = read::<Request>(r#"{"add":["a"],"action":"tag"}"#).unwrap();
        assert_eq!(tag, Request::Tag { add: vec!["a".to_owned()] });
    }

    #[test]
    fn an_array_is_no_object() {
        for json in ["[2]", r#"{"units":2,"label":["a"]}"#, r#"{"units":2,"parts":[["b"]]}"#] {
            assert!(serde_json::from_str::<Parcel>(json).is_ok() || json == "[2]", "{json}: serde takes it");
            assert!(read::<Parcel>(json).is_err(), "{json}");
        }
        assert!(read::<Request>(r#"["sync"]"#).is_err());
    }

    #[test]
    fn a_whole_number_may_have_a_point() {
        let adopt = read::<Request>(r#"{"action":"adopt","store_order_id":51.0}"#).unwrap();
        assert_eq!(adopt, Request::Adopt { store_order_id: 51, label: None });
        assert_eq!(read::<Parcel>(r#"{"units":3.0,"weights":{"x":-4.0}}"#).unwrap().weights["x"], -4);
        for json in [r#"{"units":3.5}"#, r#"{"units":-1.0}"#, r#"{"units":1e300}"#] {
            assert!(read::<Parcel>(json).is_err(), "{json}");
        }
    }
}
