#include "tolls/countries.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace switchroom::tolls {
namespace {

// The area codes of Canada (CNAC), all other ones of +1 but the islands' are the United States'.
constexpr std::string_view canada =
    "1204 1226 1236 1249 1250 1257 1263 1289 1306 1343 1354 1365 1367 1368 1382 1387 1403 1416 1418 1428 "
    "1431 "
    "1437 1438 1450 1460 1468 1474 1506 1514 1519 1548 1579 1581 1584 1587 1600 1604 1613 1622 1639 1647 "
    "1672 "
    "1683 1705 1709 1742 1753 1778 1780 1782 1807 1819 1825 1867 1873 1879 1902 1905 1942";

/// A member of the North American Numbering Plan.
constexpr Country nanp(std::string_view iso, std::string_view name, std::string_view codes) {
  return {iso, name, codes, "011 01 00", "1", 10, "900", {}, {}};
}

constexpr std::array table{
    nanp("us", "the United States", "1"),
    nanp("ca", "Canada", canada),
    nanp("ag", "Antigua and Barbuda", "1268"),
    nanp("ai", "Anguilla", "1264"),
    nanp("bb", "Barbados", "1246"),
    nanp("bm", "Bermuda", "1441"),
    nanp("bs", "the Bahamas", "1242"),
    nanp("dm", "Dominica", "1767"),
    nanp("do", "the Dominican Republic", "1809 1829 1849"),
    nanp("gd", "Grenada", "1473"),
    nanp("jm", "Jamaica", "1876 1658"),
    nanp("kn", "Saint Kitts and Nevis", "1869"),
    nanp("ky", "the Cayman Islands", "1345"),
    nanp("lc", "Saint Lucia", "1758"),
    nanp("ms", "Montserrat", "1664"),
    nanp("sx", "Sint Maarten", "1721"),
    nanp("tc", "the Turks and Caicos Islands", "1649"),
    nanp("tt", "Trinidad and Tobago", "1868"),
    nanp("vc", "Saint Vincent and the Grenadines", "1784"),
    nanp("vg", "the British Virgin Islands", "1284"),

    Country{"at", "Austria", "43", "00", "0", 9, "900 901 930 931 939 810 820 821 828", "118", "122 133 144"},
    Country{"au", "Australia", "61", "0011 00", "0", 10, "190 13", {}, "000 106"},
    Country{"be", "Belgium", "32", "00", "0", 9, "90 70", {}, "100 101"},
    Country{"bg", "Bulgaria", "359", "00", "0", 9, "90"},
    Country{"br",
            "Brazil",
            "55",
            "0012 0014 0015 0021 0031 0041 00",
            "0",
            11,
            "900 300 500",
            {},
            "190 192 193 199"},
    Country{"ch", "Switzerland", "41", "00", "0", 9, "90 84", "18", "117 118 143 144 147"},
    Country{"cn", "China", "86", "00", "0", 11, {}, {}, "110 119 120 122"},
    Country{"cy", "Cyprus", "357", "00", "", 8, "90 77", {}, "199"},
    Country{"cz", "Czechia", "420", "00", "", 9, "90 81 83 84", {}, "150 155 156 158"},
    Country{"de", "Germany", "49", "00", "0", 9, "900 137 138 180 190", "118", "110"},
    Country{"dk", "Denmark", "45", "00", "", 8, "90", "118", {}},
    Country{"ee", "Estonia", "372", "00", "", 8, "900"},
    Country{"es", "Spain", "34", "00", "", 9, "803 806 807 901 902 905 907", "118",
            "061 062 080 085 091 092"},
    Country{"fi", "Finland", "358", "00 990 994 999", "0", 9, "600 700 71 75", {}, {}},
    Country{"fr", "France", "33", "00", "0", 9, "81 82 83 84 85 86 87 88 89", "118",
            "15 17 18 114 115 116117 119 191 196"},
    Country{"gb", "the United Kingdom", "44", "00", "0", 9, "9 84 87 70", "118", "999"},
    Country{"gg", "Guernsey", "441481 447781 447839 447911", "00", "0", 9, "9 84 87 70", "118", "999"},
    Country{"im", "the Isle of Man", "441624 447524 447624 447924", "00", "0", 9, "9 84 87 70", "118", "999"},
    Country{"je", "Jersey", "441534 447509 447700 447797 447829 447937", "00", "0", 9, "9 84 87 70", "118",
            "999"},
    Country{"gr", "Greece", "30", "00", "", 10, "90 801", "118", "100 108 166 199"},
    Country{"hk", "Hong Kong", "852", "001 0060 00", "", 8, "900", {}, "999"},
    Country{"hr", "Croatia", "385", "00", "0", 9, "60 61 64 65 69", {}, "192 193 194"},
    Country{"hu", "Hungary", "36", "00", "06", 9, "90 91 40", {}, "104 105 107"},
    Country{"ie", "Ireland", "353", "00", "0", 10, "15 1850 1890 818", "118", "999"},
    Country{"il",
            "Israel",
            "972",
            "012 013 014 015 018 00",
            "0",
            10,
            "1900 1901 1902 1919 190",
            {},
            "100 101 102"},
    Country{"in", "India", "91", "00", "0", 11, "186 190", {}, "100 101 102 108"},
    Country{"is", "Iceland", "354", "00", "", 7, "90", "118", {}},
    // Italian numbers keep their 0 abroad: what is dialled is the national number.
    Country{"it", "Italy", "39", "00", "", 11, "89 199 178 144 166 84 163 164", "12",
            "113 115 116117 117 118 1530"},
    Country{"jp", "Japan", "81", "010 0033010 0061010 001010 00", "0", 9, "990 180 570", {}, "110 118 119"},
    Country{"kr", "South Korea", "82", "00700 00365 001 002 005 00", "0", 9, "60", {}, "119"},
    Country{"lt", "Lithuania", "370", "00", "0", 9, "90"},
    Country{"lu", "Luxembourg", "352", "00", "", 9, "90 81", {}, "113"},
    Country{"lv", "Latvia", "371", "00", "", 8, "90", {}, "110 113"},
    Country{"mt", "Malta", "356", "00", "", 8, "50"},
    Country{"mx", "Mexico", "52", "00", "01", 10, "900", {}, {}},
    Country{"nl", "the Netherlands", "31", "00", "0", 9, "900 906 909 84 87", "18", {}},
    Country{"no", "Norway", "47", "00", "", 8, "82 810 815", "18", "110 113"},
    Country{"nz", "New Zealand", "64", "00", "0", 9, "900", {}, "111"},
    Country{"pl", "Poland", "48", "00", "", 9, "70 30 40 801 804", "118", "997 998 999"},
    Country{"pt", "Portugal", "351", "00", "", 9, "60 64 65 707 708 76 808 809", "18", {}},
    Country{"ro", "Romania", "40", "00", "0", 9, "90"},
    Country{"rs", "Serbia", "381", "00", "0", 9, "90", {}, "192 193 194"},
    Country{"ru", "Russia", "7", "810 00", "8", 10, "803 809", {}, "101 102 103 104"},
    Country{"kz", "Kazakhstan", "76 77", "810 00", "8", 10, "809", {}, "101 102 103 104"},
    Country{"se", "Sweden", "46", "00", "0", 9, "900 939 944 99 77", "118", {}},
    Country{"sg", "Singapore", "65", "001 002 008 012 013 018 019 000 00", "", 11, "190", {}, "995 999"},
    Country{"si", "Slovenia", "386", "00", "0", 8, "90", {}, "113"},
    Country{"sk", "Slovakia", "421", "00", "0", 9, "900", {}, "150 155 158"},
    Country{"tr", "Turkey", "90", "00", "0", 10, "900", {}, "110 155 156"},
    Country{"ua", "Ukraine", "380", "00", "0", 9, "900", {}, "101 102 103 104"},
    Country{"za", "South Africa", "27", "00", "0", 9, "86 90", {}, "10111 10177"},

    Country{"ac", "Ascension", "247"},
    Country{"ad", "Andorra", "376"},
    Country{"ae", "the United Arab Emirates", "971", "00", "0", 9, "900", {}, "997 998 999"},
    Country{"af", "Afghanistan", "93"},
    Country{"al", "Albania", "355"},
    Country{"am", "Armenia", "374"},
    Country{"ao", "Angola", "244"},
    Country{"ar", "Argentina", "54", "00", "0", 10, "600 609"},
    Country{"aw", "Aruba", "297"},
    Country{"az", "Azerbaijan", "994"},
    Country{"ba", "Bosnia and Herzegovina", "387"},
    Country{"bd", "Bangladesh", "880", "00", "0", 10, {}, {}, "999"},
    Country{"bf", "Burkina Faso", "226"},
    Country{"bh", "Bahrain", "973", "00", "", 8, "90", {}, "999"},
    Country{"bi", "Burundi", "257"},
    Country{"bj", "Benin", "229", "00", "", 10},
    Country{"bn", "Brunei", "673"},
    Country{"bo", "Bolivia", "591"},
    Country{"bq", "Bonaire, Sint Eustatius and Saba", "5993 5994 5997"},
    Country{"bt", "Bhutan", "975"},
    Country{"bw", "Botswana", "267"},
    Country{"by", "Belarus", "375", "810 00", "8", 9, {}, {}, "101 102 103"},
    Country{"bz", "Belize", "501"},
    Country{"cd", "the Democratic Republic of the Congo", "243"},
    Country{"cf", "the Central African Republic", "236"},
    Country{"cg", "the Republic of the Congo", "242"},
    Country{"ci", "Ivory Coast", "225", "00", "", 10},
    Country{"ck", "the Cook Islands", "682"},
    Country{"cl", "Chile", "56", "00", "", 9, "600 700"},
    Country{"cm", "Cameroon", "237"},
    Country{"co", "Colombia", "57", "009 007 005 00", "0", 10, "901", {}, "123"},
    Country{"cr", "Costa Rica", "506", "00", "", 8, "90"},
    Country{"cu", "Cuba", "53", "119 00"},
    Country{"cv", "Cape Verde", "238"},
    Country{"cw", "Curaçao", "599"},
    Country{"dj", "Djibouti", "253"},
    Country{"dz", "Algeria", "213"},
    Country{"ec", "Ecuador", "593"},
    Country{"eg", "Egypt", "20", "00", "0", 10, "900", {}, "122 123 180"},
    Country{"er", "Eritrea", "291"},
    Country{"et", "Ethiopia", "251"},
    Country{"fj", "Fiji", "679"},
    Country{"fk", "the Falkland Islands", "500"},
    Country{"fm", "Micronesia", "691"},
    Country{"fo", "the Faroe Islands", "298"},
    Country{"ga", "Gabon", "241"},
    Country{"ge", "Georgia", "995"},
    Country{"gf", "French Guiana", "594"},
    Country{"gh", "Ghana", "233"},
    Country{"gi", "Gibraltar", "350", "00", "", 8},
    Country{"gl", "Greenland", "299"},
    Country{"gm", "the Gambia", "220"},
    Country{"gn", "Guinea", "224"},
    Country{"gp", "Guadeloupe", "590"},
    Country{"gq", "Equatorial Guinea", "240"},
    Country{"gt", "Guatemala", "502"},
    Country{"gw", "Guinea-Bissau", "245"},
    Country{"gy", "Guyana", "592"},
    Country{"hn", "Honduras", "504"},
    Country{"ht", "Haiti", "509"},
    Country{"id", "Indonesia", "62", "001 007 008 009 01017 00", "0", 11, "809"},
    Country{"io", "Diego Garcia", "246"},
    Country{"iq", "Iraq", "964", "00", "0", 10},
    Country{"ir", "Iran", "98", "00", "0", 10, "909", {}, "110 115 125"},
    Country{"jo", "Jordan", "962"},
    Country{"ke", "Kenya", "254", "000 00", "0", 9, "900", {}, "999"},
    Country{"kg", "Kyrgyzstan", "996"},
    Country{"kh", "Cambodia", "855"},
    Country{"ki", "Kiribati", "686"},
    Country{"km", "the Comoros", "269"},
    Country{"kp", "North Korea", "850"},
    Country{"kw", "Kuwait", "965"},
    Country{"la", "Laos", "856"},
    Country{"lb", "Lebanon", "961"},
    Country{"li", "Liechtenstein", "423", "00", "", 7, "90", {}, "117 118 144"},
    Country{"lk", "Sri Lanka", "94"},
    Country{"lr", "Liberia", "231"},
    Country{"ls", "Lesotho", "266"},
    Country{"ly", "Libya", "218"},
    Country{"ma", "Morocco", "212"},
    Country{"mc", "Monaco", "377", "00", "", 9, {}, {}, "15 17 18"},
    Country{"md", "Moldova", "373"},
    Country{"me", "Montenegro", "382"},
    Country{"mg", "Madagascar", "261"},
    Country{"mh", "the Marshall Islands", "692"},
    Country{"mk", "North Macedonia", "389"},
    Country{"ml", "Mali", "223"},
    Country{"mm", "Myanmar", "95"},
    Country{"mn", "Mongolia", "976"},
    Country{"mo", "Macao", "853", "00", "", 8, {}, {}, "999"},
    Country{"mq", "Martinique", "596"},
    Country{"mr", "Mauritania", "222"},
    Country{"mu", "Mauritius", "230"},
    Country{"mv", "the Maldives", "960"},
    Country{"mw", "Malawi", "265"},
    Country{"my", "Malaysia", "60", "00", "0", 10, "600", {}, "999"},
    Country{"mz", "Mozambique", "258"},
    Country{"na", "Namibia", "264"},
    Country{"nc", "New Caledonia", "687"},
    Country{"ne", "Niger", "227"},
    Country{"nf", "Norfolk Island", "672"},
    Country{"ng", "Nigeria", "234", "009 00", "0", 10, {}, {}, "199"},
    Country{"ni", "Nicaragua", "505"},
    Country{"np", "Nepal", "977", "00", "0", 10},
    Country{"nr", "Nauru", "674"},
    Country{"nu", "Niue", "683"},
    Country{"om", "Oman", "968", "00", "", 8, "90", {}, "9999"},
    Country{"pa", "Panama", "507"},
    Country{"pe", "Peru", "51"},
    Country{"pf", "French Polynesia", "689"},
    Country{"pg", "Papua New Guinea", "675"},
    Country{"ph", "the Philippines", "63", "00", "0", 14},
    Country{"pk", "Pakistan", "92", "00", "0", 10, "900", {}, "15 115"},
    Country{"pm", "Saint Pierre and Miquelon", "508"},
    Country{"ps", "Palestine", "970"},
    Country{"pw", "Palau", "680"},
    Country{"py", "Paraguay", "595"},
    Country{"qa", "Qatar", "974", "00", "", 8, "900", {}, "999"},
    Country{"re", "Réunion", "262"},
    Country{"rw", "Rwanda", "250"},
    Country{"sa", "Saudi Arabia", "966", "00", "0", 9, "700", {}, "997 998 999"},
    Country{"sb", "the Solomon Islands", "677"},
    Country{"sc", "the Seychelles", "248"},
    Country{"sd", "Sudan", "249"},
    Country{"sh", "Saint Helena", "290"},
    Country{"sl", "Sierra Leone", "232"},
    Country{"sm", "San Marino", "378"},
    Country{"sn", "Senegal", "221"},
    Country{"so", "Somalia", "252"},
    Country{"sr", "Suriname", "597"},
    Country{"ss", "South Sudan", "211"},
    Country{"st", "São Tomé and Príncipe", "239"},
    Country{"sv", "El Salvador", "503"},
    Country{"sy", "Syria", "963"},
    Country{"sz", "Eswatini", "268"},
    Country{"td", "Chad", "235"},
    Country{"tg", "Togo", "228"},
    Country{"th", "Thailand", "66", "001 007 008 009 00", "0", 10, "1900", {}, "191 1669"},
    Country{"tj", "Tajikistan", "992"},
    Country{"tk", "Tokelau", "690"},
    Country{"tl", "Timor-Leste", "670"},
    Country{"tm", "Turkmenistan", "993"},
    Country{"tn", "Tunisia", "216"},
    Country{"to", "Tonga", "676"},
    Country{"tv", "Tuvalu", "688"},
    Country{"tw", "Taiwan", "886", "002 00", "0", 9, "20", {}, "110 119"},
    Country{"tz", "Tanzania", "255"},
    Country{"ug", "Uganda", "256"},
    Country{"uy", "Uruguay", "598"},
    Country{"uz", "Uzbekistan", "998"},
    Country{"va", "Vatican City", "3906698 379"},
    Country{"ve", "Venezuela", "58", "00", "0", 10, "900"},
    Country{"vn", "Vietnam", "84", "00", "0", 10, "1900", {}, "113 114 115"},
    Country{"vu", "Vanuatu", "678"},
    Country{"wf", "Wallis and Futuna", "681"},
    Country{"ws", "Samoa", "685"},
    Country{"xk", "Kosovo", "383"},
    Country{"ye", "Yemen", "967"},
    Country{"zm", "Zambia", "260"},
    Country{"zw", "Zimbabwe", "263"},
};

struct Code {
  std::string_view digits;
  const Country* country;
};

/// Calls `use` with each word of a list.
template <class Use>
void each_word(std::string_view list, const Use& use) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (end != 0) {
      use(list.substr(0, end));
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

/// By their digits.
const std::vector<Code>& codes() {
  static const std::vector<Code> sorted = [] {
    std::vector<Code> all;
    for (const Country& country : table) {
      each_word(country.codes, [&](std::string_view code) { all.push_back({code, &country}); });
    }
    std::ranges::sort(all, {}, &Code::digits);
    return all;
  }();
  return sorted;
}

}  // namespace

std::span<const Country> countries() { return table; }

const Country* country_called(std::string_view iso) {
  const auto found = std::ranges::find(table, iso, &Country::iso);
  return found == table.end() ? nullptr : &*found;
}

const Country* country_of(std::string_view e164) {
  constexpr std::size_t longest = 7;
  for (std::size_t length = std::min(longest, e164.size()); length > 0; --length) {
    const auto digits = e164.substr(0, length);
    const auto found = std::ranges::lower_bound(codes(), digits, {}, &Code::digits);
    if (found != codes().end() && found->digits == digits) {
      return found->country;
    }
  }
  return nullptr;
}

bool is_nanp(const Country& country) { return country.codes.starts_with('1'); }

std::string_view world_service(std::string_view e164) {
  if (!beginning_of(e164, "870 871 872 873 874 881 882 883").empty()) {
    return "satellite";
  }
  return e164.starts_with("979") ? "premium" : "";
}

std::string_view beginning_of(std::string_view text, std::string_view list) {
  std::string_view longest;
  each_word(list, [&](std::string_view word) {
    if (text.starts_with(word) && word.size() > longest.size()) {
      longest = word;
    }
  });
  return longest;
}

}  // namespace switchroom::tolls
