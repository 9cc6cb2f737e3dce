//! Countries, states and zones with the ids that a fresh installation gives them.

use super::record::{Id, Record};
use super::shop::Shop;

/// Zones: id and name.
const ZONES: [(Id, &str); 8] = [
    (1, "Europe"),
    (2, "North America"),
    (3, "Asia"),
    (4, "Africa"),
    (5, "Oceania"),
    (6, "South America"),
    (7, "Europe (non-EU)"),
    (8, "Central America/Antilla"),
];

/// A country: id, ISO code, zone, calling code, whether it has states, form of its postcodes, name in English
/// and in French.
type Country = (Id, &'static str, Id, u32, bool, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    (1, "DE", 1, 49, false, "NNNNN", "Germany", "Allemagne"),
    (2, "AT", 1, 43, false, "NNNN", "Austria", "Autriche"),
    (3, "BE", 1, 32, false, "NNNN", "Belgium", "Belgique"),
    (4, "CA", 2, 1, true, "LNL NLN", "Canada", "Canada"),
    (5, "CN", 3, 86, false, "NNNNNN", "China", "Chine"),
    (6, "ES", 1, 34, false, "NNNNN", "Spain", "Espagne"),
    (7, "FI", 1, 358, false, "NNNNN", "Finland", "Finlande"),
    (8, "FR", 1, 33, false, "NNNNN", "France", "France"),
    (9, "GR", 1, 30, false, "NNNNN", "Greece", "Grèce"),
    (10, "IT", 1, 39, true, "NNNNN", "Italy", "Italie"),
    (11, "JP", 3, 81, true, "NNN-NNNN", "Japan", "Japon"),
    (12, "LU", 1, 352, false, "NNNN", "Luxembourg", "Luxembourg"),
    (13, "NL", 1, 31, false, "NNNN LL", "Netherlands", "Pays-Bas"),
    (14, "PL", 1, 48, false, "NN-NNN", "Poland", "Pologne"),
    (15, "PT", 1, 351, false, "NNNN-NNN", "Portugal", "Portugal"),
    (16, "CZ", 1, 420, false, "NNN NN", "Czechia", "Tchéquie"),
    (17, "GB", 7, 44, false, "", "United Kingdom", "Royaume-Uni"),
    (18, "SE", 1, 46, false, "NNN NN", "Sweden", "Suède"),
    (19, "CH", 7, 41, false, "NNNN", "Switzerland", "Suisse"),
    (20, "DK", 1, 45, false, "NNNN", "Denmark", "Danemark"),
    (21, "US", 2, 1, true, "NNNNN", "United States", "États-Unis"),
    (22, "HK", 3, 852, false, "", "Hong Kong SAR China", "R.A.S. chinoise de Hong Kong"),
    (23, "NO", 7, 47, false, "NNNN", "Norway", "Norvège"),
    (24, "AU", 5, 61, false, "NNNN", "Australia", "Australie"),
    (25, "SG", 3, 65, false, "NNNNNN", "Singapore", "Singapour"),
    (26, "IE", 1, 353, false, "", "Ireland", "Irlande"),
    (27, "NZ", 5, 64, false, "NNNN", "New Zealand", "Nouvelle-Zélande"),
    (36, "RO", 1, 40, false, "NNNNNN", "Romania", "Roumanie"),
    (37, "SK", 1, 421, false, "NNN NN", "Slovakia", "Slovaquie"),
    (74, "HR", 1, 385, false, "NNNNN", "Croatia", "Croatie"),
    (76, "CY", 1, 357, false, "NNNN", "Cyprus", "Chypre"),
    (86, "EE", 1, 372, false, "NNNNN", "Estonia", "Estonie"),
    (124, "LV", 1, 371, false, "C-NNNN", "Latvia", "Lettonie"),
    (130, "LT", 1, 370, false, "NNNNN", "Lithuania", "Lituanie"),
    (138, "MT", 1, 356, false, "LLL NNNN", "Malta", "Malte"),
    (142, "HU", 1, 36, false, "NNNN", "Hungary", "Hongrie"),
    (144, "MX", 2, 52, true, "NNNNN", "Mexico", "Mexique"),
    (189, "SI", 1, 386, false, "C-NNNN", "Slovenia", "Slovénie"),
    (233, "BG", 1, 359, false, "NNNN", "Bulgaria", "Bulgarie"),
];

/// The 27 countries of the European Union in the order in which the tax rules of a fresh shop list them.
pub const EUROPEAN_UNION: [&str; 27] = [
    "BE", "BG", "CZ", "DK", "DE", "EE", "IE", "GR", "ES", "FR", "HR", "IT", "CY", "LV", "LT", "LU", "HU",
    "MT", "NL", "AT", "PL", "PT", "RO", "SI", "SK", "FI", "SE",
];

/// First id, country, zone, and the states as `ISO=name` in the order of their ids.
const STATES: [(Id, &str, Id, &str); 3] = [
    (
        1,
        "US",
        2,
        "AA=AA;AE=AE;AP=AP;AL=Alabama;AK=Alaska;AZ=Arizona;AR=Arkansas;CA=California;CO=Colorado;\
     CT=Connecticut;DE=Delaware;FL=Florida;GA=Georgia;HI=Hawaii;ID=Idaho;IL=Illinois;IN=Indiana;IA=Iowa;KS=Kansas;\
     KY=Kentucky;LA=Louisiana;ME=Maine;MD=Maryland;MA=Massachusetts;MI=Michigan;MN=Minnesota;MS=Mississippi;\
     MO=Missouri;MT=Montana;NE=Nebraska;NV=Nevada;NH=New Hampshire;NJ=New Jersey;NM=New Mexico;NY=New York;\
     NC=North Carolina;ND=North Dakota;OH=Ohio;OK=Oklahoma;OR=Oregon;PA=Pennsylvania;RI=Rhode Island;\
     SC=South Carolina;SD=South Dakota;TN=Tennessee;TX=Texas;UT=Utah;VT=Vermont;VA=Virginia;WA=Washington;\
     WV=West Virginia;WI=Wisconsin;WY=Wyoming;PR=Puerto Rico;VI=US Virgin Islands;DC=District of Columbia",
    ),
    (
        89,
        "CA",
        2,
        "ON=Ontario;QC=Quebec;BC=British Columbia;AB=Alberta;MB=Manitoba;SK=Saskatchewan;NS=Nova Scotia;\
     NB=New Brunswick;NL=Newfoundland and Labrador;PE=Prince Edward Island;NT=Northwest Territories;YT=Yukon;\
     NU=Nunavut",
    ),
    (
        126,
        "IT",
        1,
        "AG=Agrigento;AL=Alessandria;AN=Ancona;AO=Aosta;AR=Arezzo;AP=Ascoli Piceno;AT=Asti;AV=Avellino;\
     BA=Bari;BT=Barletta-Andria-Trani;BL=Belluno;BN=Benevento;BG=Bergamo;BI=Biella;BO=Bologna;BZ=Bolzano;BS=Brescia;\
     BR=Brindisi;CA=Cagliari;CL=Caltanissetta;CB=Campobasso;CI=Carbonia-Iglesias;CE=Caserta;CT=Catania;CZ=Catanzaro;\
     CH=Chieti;CO=Como;CS=Cosenza;CR=Cremona;KR=Crotone;CN=Cuneo;EN=Enna;FM=Fermo;FE=Ferrara;FI=Firenze;FG=Foggia;\
     FC=Forlì-Cesena;FR=Frosinone;GE=Genova;GO=Gorizia;GR=Grosseto;IM=Imperia;IS=Isernia;AQ=L'Aquila;SP=La Spezia;\
     LT=Latina;LE=Lecce;LC=Lecco;LI=Livorno;LO=Lodi;LU=Lucca;MC=Macerata;MN=Mantova;MS=Massa;MT=Matera;\
     VS=Medio Campidano;ME=Messina;MI=Milano;MO=Modena;MB=Monza e della Brianza;NA=Napoli;NO=Novara;NU=Nuoro;\
     OG=Ogliastra;OT=Olbia-Tempio;OR=Oristano;PD=Padova;PA=Palermo;PR=Parma;PV=Pavia;PG=Perugia;PU=Pesaro-Urbino;\
     PE=Pescara;PC=Piacenza;PI=Pisa;PT=Pistoia;PN=Pordenone;PZ=Potenza;PO=Prato;RG=Ragusa;RA=Ravenna;\
     RC=Reggio Calabria;RE=Reggio Emilia;RI=Rieti;RN=Rimini;RM=Roma;RO=Rovigo;SA=Salerno;SS=Sassari;SV=Savona;\
     SI=Siena;SR=Siracusa;SO=Sondrio;TA=Taranto;TE=Teramo;TR=Terni;TO=Torino;TP=Trapani;TN=Trento;TV=Treviso;\
     TS=Trieste;UD=Udine;VA=Varese;VE=Venezia;VB=Verbano-Cusio-Ossola;VC=Vercelli;VR=Verona;VV=Vibo Valentia;\
     VI=Vicenza;VT=Viterbo",
    ),
];

/// The id of a country.
#[must_use]
pub fn country_id(iso_code: &str) -> Id {
    COUNTRIES.iter().find(|country| country.1 == iso_code).map_or(0, |country| country.0)
}

/// Puts zones, countries and states into a shop; only the given countries are switched on.
pub fn seed(shop: &mut Shop, active: impl Fn(&str) -> bool) {
    for (id, name) in ZONES {
        let zone = Record::numbered(id).with("name", name).with("active", 1);
        shop.insert("zones", zone);
    }
    for &(id, iso_code, zone, prefix, has_states, postcode, english, french) in COUNTRIES {
        let country = Record::numbered(id)
            .with("id_zone", zone)
            .with("call_prefix", prefix)
            .with("iso_code", iso_code)
            .with("active", u8::from(active(iso_code)))
            .with("contains_states", u8::from(has_states))
            .with("need_zip_code", u8::from(!matches!(iso_code, "HK" | "IE")))
            .with("zip_code_format", postcode)
            .with("display_tax_label", u8::from(iso_code != "US"))
            .with_texts("name", &[english, french]);
        shop.insert("countries", country);
    }
    for (first, country, zone, states) in STATES {
        for (id, state) in (first..).zip(states.split(';')) {
            let (iso_code, name) = state.split_once('=').unwrap_or((state, state));
            let state = Record::numbered(id)
                .with("id_zone", zone)
                .with("id_country", country_id(country))
                .with("iso_code", iso_code)
                .with("name", name)
                .with("active", 1);
            shop.insert("states", state);
        }
    }
}
