package dev.cantilever.chat.jinja;

import java.util.Set;

/** The filters and tests that Jinja 3.1 knows, here or not: others fail before it renders. */
final class JinjaNames {

  static final Set<String> FILTERS =
      Set.of(
          ("abs attr batch capitalize center count d default dictsort e escape filesizeformat first"
                  + " float forceescape format groupby indent int items join last length list lower"
                  + " map max min pprint random reject rejectattr replace reverse round safe select"
                  + " selectattr slice sort string striptags sum title tojson trim truncate unique"
                  + " upper urlencode urlize wordcount wordwrap xmlattr")
              .split(" "));

  static final Set<String> TESTS =
      Set.of(
          ("boolean callable defined divisibleby eq equalto escaped even false filter float ge gt"
                  + " greaterthan in integer iterable le lessthan lower lt mapping ne none number odd"
                  + " sameas sequence string test true undefined upper")
              .split(" "));

  private JinjaNames() {}
}
