//! Where the invented buyers live: every country of the EU, the United Kingdom and the United States.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::recipient::{District, Recipient};

/// What is needed to invent an address that a country's post office would accept.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166-1 alpha-2; `GB` for the United Kingdom.
    pub code: &'static str,
    /// English name, as in `district_info`.
    pub name: &'static str,
    /// Calling code and a number with `#` for each random digit.
    phone: (&'static str, &'static str),
    /// Names of the district levels from L1 down.
    levels: &'static [&'static str],
    first_names: &'static [&'static str],
    last_names: &'static [&'static str],
    /// Streets, `{}` stands for the house number.
    streets: &'static [&'static str],
    /// City, postal code, and one name for each of `levels`.
    cities: &'static [(&'static str, &'static str, &'static [&'static str])],
}

/// All countries that the generator knows, in alphabetical order of the EU, then GB and US.
pub fn countries() -> &'static [Country] {
    COUNTRIES
}

/// The country with this ISO code.
pub fn country(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code == code)
}

/// What stands in an order only where its buyer is named: last names, and streets without the number. Whoever scans logs
/// for buyers looks for these.
pub fn marks_of_buyers() -> impl Iterator<Item = &'static str> {
    let marks = COUNTRIES.iter().flat_map(|country| {
        let streets =
            country.streets.iter().filter_map(|street| street.split("{}").max_by_key(|part| part.len()));
        country.last_names.iter().copied().chain(streets).map(str::trim)
    });
    // Shorter ones are parts of other words.
    marks.filter(|mark| mark.chars().count() >= 6)
}

/// Invents a person at an address in the country.
pub fn invent(country: &Country, random: &mut StdRng) -> Recipient {
    let first_name = pick(country.first_names, random);
    let last_name = pick(country.last_names, random);
    let (city, postal_code, districts) =
        *country.cities.choose(random).expect("every country lists at least one city");
    let number =
        format!("{}{}", random.random_range(1..180), if random.random_bool(0.15) { "B" } else { "" });
    let line1 = pick(country.streets, random).replace("{}", &number);
    let line2 = match random.random_range(0..10) {
        0 => "c/o Atelier Nord",
        1 => "2nd floor",
        2 => "Apt 14",
        _ => "",
    };
    Recipient {
        name: format!("{first_name} {last_name}"),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        phone_number: phone_number(country, random),
        region_code: country.code.to_owned(),
        postal_code: postal_code.to_owned(),
        post_town: if country.code == "GB" { city.to_uppercase() } else { String::new() },
        address_lines: [line1, line2.to_owned(), String::new(), String::new()],
        districts: district_info(country, districts),
        drop_off_location: (country.code == "US").then(|| "Front porch".to_owned()),
    }
}

fn pick(from: &[&'static str], random: &mut StdRng) -> &'static str {
    from.choose(random).expect("every country lists at least one of each")
}

fn phone_number(country: &Country, random: &mut StdRng) -> String {
    let (calling_code, pattern) = country.phone;
    let digits: String = pattern
        .chars()
        .map(|sign| if sign == '#' { char::from(b'0' + random.random_range(0..10u8)) } else { sign })
        .collect();
    format!("(+{calling_code}){digits}")
}

fn district_info(country: &Country, names: &[&str]) -> Vec<District> {
    let top = District {
        level: "L0".to_owned(),
        level_name: "Country".to_owned(),
        name: country.name.to_owned(),
        iso_code: Some(country.code.to_owned()),
    };
    let below = country.levels.iter().zip(names).enumerate().map(|(index, (level_name, name))| District {
        level: format!("L{}", index + 1),
        level_name: (*level_name).to_owned(),
        name: (*name).to_owned(),
        iso_code: None,
    });
    std::iter::once(top).chain(below).collect()
}

/// Level names of the countries for which nobody has published them: only the generic ones.
const GENERIC: &[&str] = &["Region", "City"];

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    Country { code: "AT", name: "Austria", phone: ("43", "664#######"), levels: GENERIC,
        first_names: &["Jürgen", "Anneliese", "Bärbel"], last_names: &["Größlinger", "Höllerer", "Mayrhofer-Thür"],
        streets: &["Mariahilfer Straße {}", "Schönbrunner Allee {}/3/12", "Am Graben {}"],
        cities: &[("Wien", "1060", &["Wien", "Wien"]), ("Graz", "8010", &["Steiermark", "Graz"]), ("Mödling", "2340", &["Niederösterreich", "Mödling"])] },
    Country { code: "BE", name: "Belgium", phone: ("32", "47#######"), levels: GENERIC,
        first_names: &["Noë", "Aurélie", "Joris"], last_names: &["Van den Broeck", "Lefèvre", "De Wachter"],
        streets: &["Rue de la Bergère {}", "Kerkstraat {} bus 4", "Chaussée de Wavre {}"],
        cities: &[("Liège", "4000", &["Liège", "Liège"]), ("Gent", "9000", &["Oost-Vlaanderen", "Gent"]), ("Bruxelles", "1050", &["Bruxelles-Capitale", "Ixelles"])] },
    Country { code: "BG", name: "Bulgaria", phone: ("359", "88#######"), levels: GENERIC,
        first_names: &["Десислава", "Георги", "Ralitsa"], last_names: &["Стоянова", "Димитров", "Yordanova"],
        streets: &["ул. Граф Игнатиев {}", "bul. Vitosha {}, vh. B", "ул. Шипка {}"],
        cities: &[("София", "1000", &["София-град", "София"]), ("Plovdiv", "4000", &["Plovdiv", "Plovdiv"])] },
    Country { code: "HR", name: "Croatia", phone: ("385", "91#######"), levels: GENERIC,
        first_names: &["Željka", "Krešimir", "Đurđica"], last_names: &["Šimunović", "Horvatić", "Žagar"],
        streets: &["Ilica {}", "Ulica Ljudevita Gaja {}", "Obala kneza Trpimira {}"],
        cities: &[("Zagreb", "10000", &["Grad Zagreb", "Zagreb"]), ("Šibenik", "22000", &["Šibensko-kninska", "Šibenik"])] },
    Country { code: "CY", name: "Cyprus", phone: ("357", "99######"), levels: GENERIC,
        first_names: &["Ανδρέας", "Eleni", "Χρυστάλλα"], last_names: &["Γεωργίου", "Hadjicosta", "Παναγή"],
        streets: &["Makariou Avenue {}", "Οδός Λήδρας {}", "Anexartisias {}, Flat 302"],
        cities: &[("Nicosia", "1065", &["Nicosia", "Nicosia"]), ("Limassol", "3036", &["Limassol", "Limassol"])] },
    Country { code: "CZ", name: "Czechia", phone: ("420", "7########"), levels: GENERIC,
        first_names: &["Jiří", "Božena", "Zdeňka"], last_names: &["Dvořáček", "Říhová", "Kučera"],
        streets: &["Náměstí Míru {}", "Husova {}/1123", "Třída Tomáše Bati {}"],
        cities: &[("Praha", "110 00", &["Hlavní město Praha", "Praha 1"]), ("Brno", "602 00", &["Jihomoravský kraj", "Brno"]), ("Plzeň", "301 00", &["Plzeňský kraj", "Plzeň"])] },
    Country { code: "DK", name: "Denmark", phone: ("45", "2#######"), levels: GENERIC,
        first_names: &["Søren", "Åse", "Mathilde"], last_names: &["Kjærgaard", "Møller-Holst", "Ørsted"],
        streets: &["Nørrebrogade {}, 3. tv", "Ågade {}", "Sankt Pauls Gade {}"],
        cities: &[("København", "2200", &["Hovedstaden", "København N"]), ("Aarhus", "8000", &["Midtjylland", "Aarhus C"])] },
    Country { code: "EE", name: "Estonia", phone: ("372", "5#######"), levels: GENERIC,
        first_names: &["Ülle", "Märt", "Kersti"], last_names: &["Põldmäe", "Tõnisson", "Kask"],
        streets: &["Pärnu maantee {}", "Rüütli {}-7", "Võru {}"],
        cities: &[("Tallinn", "10141", &["Harju maakond", "Tallinn"]), ("Tartu", "51003", &["Tartu maakond", "Tartu"])] },
    Country { code: "FI", name: "Finland", phone: ("358", "40#######"), levels: GENERIC,
        first_names: &["Päivi", "Väinö", "Anna-Liisa"], last_names: &["Mäkelä", "Hämäläinen", "Löfgren"],
        streets: &["Hämeenkatu {} A 15", "Mannerheimintie {}", "Yliopistonkatu {} C"],
        cities: &[("Helsinki", "00100", &["Uusimaa", "Helsinki"]), ("Jyväskylä", "40100", &["Keski-Suomi", "Jyväskylä"])] },
    Country { code: "FR", name: "France", phone: ("33", "6########"), levels: &["Region", "Department", "Arrondissement", "Commune"],
        first_names: &["Camille", "Gaëlle", "Jean-François", "Zoé"], last_names: &["Durand", "Lefèbvre", "Le Goff", "Garçon"],
        streets: &["{} rue Oberkampf", "{} bis avenue Jean Jaurès", "{} chemin des Chênes", "{} quai de la Tournelle"],
        cities: &[("Paris", "75011", &["Île-de-France", "Paris", "Paris", "Paris"]), ("Lyon", "69003", &["Auvergne-Rhône-Alpes", "Rhône", "Lyon", "Lyon"]), ("Bordeaux", "33000", &["Nouvelle-Aquitaine", "Gironde", "Bordeaux", "Bordeaux"]), ("Saint-Étienne", "42000", &["Auvergne-Rhône-Alpes", "Loire", "Saint-Étienne", "Saint-Étienne"])] },
    Country { code: "DE", name: "Germany", phone: ("49", "151########"), levels: &["Federal state", "Municipality", "Urban district"],
        first_names: &["Jörg", "Käthe", "Lukas", "Annegret"], last_names: &["Müller-Lüdenscheidt", "Weiß", "Schäfer", "von der Heide"],
        streets: &["Königstraße {}", "An der Alten Mühle {}", "Schloßallee {}a", "Hauptstr. {}"],
        cities: &[("Berlin", "10115", &["Berlin", "Berlin", "Mitte"]), ("Köln", "50667", &["Nordrhein-Westfalen", "Köln", "Altstadt-Nord"]), ("München", "80331", &["Bayern", "München", "Altstadt"]), ("Görlitz", "02826", &["Sachsen", "Görlitz", "Innenstadt"])] },
    Country { code: "GR", name: "Greece", phone: ("30", "69########"), levels: GENERIC,
        first_names: &["Ελένη", "Konstantinos", "Σπύρος"], last_names: &["Παπαδοπούλου", "Vlachos", "Καραγιάννης"],
        streets: &["Ερμού {}", "Leoforos Kifisias {}", "Οδός Εγνατία {}"],
        cities: &[("Αθήνα", "105 63", &["Αττική", "Αθήνα"]), ("Thessaloniki", "546 24", &["Central Macedonia", "Thessaloniki"])] },
    Country { code: "HU", name: "Hungary", phone: ("36", "30#######"), levels: GENERIC,
        first_names: &["Győző", "Erzsébet", "Árpád"], last_names: &["Kőszegi", "Nagyné Szűcs", "Török"],
        streets: &["Király utca {}", "Petőfi Sándor u. {}. II/4", "Üllői út {}"],
        cities: &[("Budapest", "1061", &["Budapest", "Budapest"]), ("Győr", "9021", &["Győr-Moson-Sopron", "Győr"])] },
    Country { code: "IE", name: "Ireland", phone: ("353", "8########"), levels: &["County", "Municipal district"],
        first_names: &["Siobhán", "Pádraig", "Aoife"], last_names: &["O'Sullivan", "Ní Dhomhnaill", "McGrath"],
        streets: &["{} St. Stephen's Green", "{} Shop Street", "Unit {}, The Old Mill"],
        cities: &[("Dublin", "D02 X285", &["Dublin", "Dublin City"]), ("Galway", "H91 E2K3", &["Galway", "Galway City"])] },
    Country { code: "IT", name: "Italy", phone: ("39", "3#########"), levels: &["Region", "Province", "City"],
        first_names: &["Niccolò", "Giulia", "Pier Luigi"], last_names: &["D'Angelo", "Lo Bianco", "Castellà"],
        streets: &["Via dell'Università {}", "Corso Vittorio Emanuele II {}", "Piazza San Nicolò {}"],
        cities: &[("Roma", "00184", &["Lazio", "Roma", "Roma"]), ("Forlì", "47121", &["Emilia-Romagna", "Forlì-Cesena", "Forlì"]), ("Milano", "20121", &["Lombardia", "Milano", "Milano"])] },
    Country { code: "LV", name: "Latvia", phone: ("371", "2#######"), levels: GENERIC,
        first_names: &["Jānis", "Līga", "Ģirts"], last_names: &["Bērziņš", "Kļaviņa", "Ozoliņa"],
        streets: &["Brīvības iela {}-21", "Kr. Barona iela {}", "Čaka iela {}"],
        cities: &[("Rīga", "LV-1010", &["Rīga", "Rīga"]), ("Liepāja", "LV-3401", &["Liepāja", "Liepāja"])] },
    Country { code: "LT", name: "Lithuania", phone: ("370", "6#######"), levels: GENERIC,
        first_names: &["Žydrūnas", "Eglė", "Rūta"], last_names: &["Čepaitis", "Šimkutė", "Paulauskienė"],
        streets: &["Gedimino pr. {}", "Vilniaus g. {}-5", "Laisvės al. {}"],
        cities: &[("Vilnius", "LT-01103", &["Vilniaus apskritis", "Vilnius"]), ("Šiauliai", "LT-76295", &["Šiaulių apskritis", "Šiauliai"])] },
    Country { code: "LU", name: "Luxembourg", phone: ("352", "621######"), levels: GENERIC,
        first_names: &["Léa", "Marc-Olivier", "Félix"], last_names: &["Schmitz-Weber", "Reuter", "Thillé"],
        streets: &["{}, rue de l'Alzette", "{}, Grand-Rue", "{}, route d'Arlon"],
        cities: &[("Luxembourg", "1661", &["Luxembourg", "Luxembourg"]), ("Esch-sur-Alzette", "4010", &["Esch-sur-Alzette", "Esch-sur-Alzette"])] },
    Country { code: "MT", name: "Malta", phone: ("356", "79######"), levels: GENERIC,
        first_names: &["Ġorġ", "Ċetta", "Roberta"], last_names: &["Żammit", "Farrugia", "Muscat-Azzopardi"],
        streets: &["{}, Triq ir-Repubblika", "{}, Triq San Ġwann", "{} 'Ir-Razzett', Main Street"],
        cities: &[("Valletta", "VLT 1117", &["South Eastern", "Valletta"]), ("Ħamrun", "HMR 1520", &["Southern Harbour", "Ħamrun"])] },
    Country { code: "NL", name: "Netherlands", phone: ("31", "6########"), levels: GENERIC,
        first_names: &["Renée", "Daniël", "Fleur"], last_names: &["van 't Hoff", "de Vries", "IJzerman"],
        streets: &["Prinsengracht {}-III", "'s-Gravenweg {}", "Burgemeester Oudlaan {}"],
        cities: &[("Amsterdam", "1016 GV", &["Noord-Holland", "Amsterdam"]), ("'s-Hertogenbosch", "5211 AA", &["Noord-Brabant", "'s-Hertogenbosch"])] },
    Country { code: "PL", name: "Poland", phone: ("48", "6########"), levels: GENERIC,
        first_names: &["Łukasz", "Agnieszka", "Żaneta"], last_names: &["Wójcik", "Dąbrowska-Śliwa", "Źrebiec"],
        streets: &["ul. Świętokrzyska {} m. 8", "al. Jerozolimskie {}", "os. Złotego Wieku {}/21"],
        cities: &[("Warszawa", "00-020", &["Mazowieckie", "Warszawa"]), ("Łódź", "90-001", &["Łódzkie", "Łódź"]), ("Kraków", "31-042", &["Małopolskie", "Kraków"])] },
    Country { code: "PT", name: "Portugal", phone: ("351", "91#######"), levels: GENERIC,
        first_names: &["João", "Inês", "Conceição"], last_names: &["Magalhães", "D'Orey", "Gonçalves"],
        streets: &["Rua Augusta {}, 2.º Esq.", "Avenida da Liberdade {}", "Travessa São José {}"],
        cities: &[("Lisboa", "1100-048", &["Lisboa", "Lisboa"]), ("Évora", "7000-503", &["Évora", "Évora"])] },
    Country { code: "RO", name: "Romania", phone: ("40", "72#######"), levels: GENERIC,
        first_names: &["Ștefan", "Măriuca", "Țvetana"], last_names: &["Bălănescu", "Ionașcu", "Rățoi"],
        streets: &["Strada Lipscani nr. {}", "Bd. Ștefan cel Mare {}, bl. A2, sc. 1, ap. 9", "Calea Victoriei {}"],
        cities: &[("București", "030031", &["București", "Sector 3"]), ("Iași", "700259", &["Iași", "Iași"])] },
    Country { code: "SK", name: "Slovakia", phone: ("421", "90#######"), levels: GENERIC,
        first_names: &["Ľubomír", "Žofia", "Ján"], last_names: &["Kováčová", "Hruškovič", "Ďurica"],
        streets: &["Obchodná {}", "Námestie SNP {}", "Štefánikova {}/A"],
        cities: &[("Bratislava", "811 06", &["Bratislavský kraj", "Bratislava"]), ("Košice", "040 01", &["Košický kraj", "Košice"])] },
    Country { code: "SI", name: "Slovenia", phone: ("386", "41######"), levels: GENERIC,
        first_names: &["Žiga", "Špela", "Matjaž"], last_names: &["Zupančič", "Žnidaršič", "Kovač"],
        streets: &["Slovenska cesta {}", "Čopova ulica {}", "Trubarjeva {}c"],
        cities: &[("Ljubljana", "1000", &["Osrednjeslovenska", "Ljubljana"]), ("Črnomelj", "8340", &["Jugovzhodna Slovenija", "Črnomelj"])] },
    Country { code: "ES", name: "Spain", phone: ("34", "6########"), levels: &["Autonomous community", "Province", "Municipality"],
        first_names: &["Íñigo", "María José", "Begoña"], last_names: &["Núñez de la Peña", "Ibáñez", "Güell"],
        streets: &["Calle de Alcalá {}, 3º B", "Avinguda Diagonal {}", "Plaza de España {}"],
        cities: &[("Madrid", "28014", &["Comunidad de Madrid", "Madrid", "Madrid"]), ("L'Hospitalet de Llobregat", "08901", &["Cataluña", "Barcelona", "L'Hospitalet de Llobregat"]), ("A Coruña", "15001", &["Galicia", "A Coruña", "A Coruña"])] },
    Country { code: "SE", name: "Sweden", phone: ("46", "70#######"), levels: GENERIC,
        first_names: &["Åke", "Linnéa", "Örjan"], last_names: &["Sjöström", "Björklund", "Åkesson"],
        streets: &["Götgatan {} lgh 1102", "Östra Hamngatan {}", "Storgatan {}"],
        cities: &[("Stockholm", "116 46", &["Stockholms län", "Stockholm"]), ("Malmö", "211 20", &["Skåne län", "Malmö"])] },
    Country { code: "GB", name: "United Kingdom", phone: ("44", "7#########"), levels: &["Country", "County"],
        first_names: &["Oliver", "Niamh", "Zoë"], last_names: &["O'Neill", "Featherstonehaugh", "Smith-Jones"],
        streets: &["{} King's Road", "Flat 3, {} St. Mary's Court", "{} High Street"],
        cities: &[("London", "SW3 4RY", &["England", "Greater London"]), ("Edinburgh", "EH1 1YZ", &["Scotland", "City of Edinburgh"]), ("Cardiff", "CF10 1EP", &["Wales", "South Glamorgan"])] },
    Country { code: "US", name: "United States", phone: ("1", "212555####"), levels: &["State", "County", "City"],
        first_names: &["Jordan", "Beyoncé", "D'Andre"], last_names: &["Whitaker", "O'Hara", "Nuñez"],
        streets: &["{} Elm Street", "{} W 42nd St Apt 5C", "{} N. Martin Luther King Jr. Blvd"],
        cities: &[("Los Angeles", "90012", &["California", "Los Angeles County", "Los Angeles"]), ("Austin", "78701", &["Texas", "Travis County", "Austin"]), ("Denver", "80202", &["Colorado", "Denver County", "Denver"]), ("New York", "10036-4001", &["New York", "New York County", "New York"])] },
];

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_country_of_the_european_union_and_two_more_are_there() {
        assert_eq!(COUNTRIES.len(), 29);
        for country in COUNTRIES {
            for (city, postal_code, names) in country.cities {
                assert!(!city.is_empty() && !postal_code.is_empty());
                assert_eq!(names.len(), country.levels.len(), "{} {city}", country.code);
            }
        }
    }

    #[test]
    fn american_addresses_name_the_state_at_level_one() {
        let recipient = invent(country("US").unwrap(), &mut StdRng::seed_from_u64(1));

        assert_eq!(recipient.districts[1].level_name, "State");
        assert_eq!(recipient.districts[1].level, "L1");
    }
}
