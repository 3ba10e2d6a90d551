// The table of designs: what the families of other kernels give to it.
#include "test/designs.hpp"

#include <set>

using namespace rill;
using namespace rill::test;

TEST_SUITE_BEGIN("designs");

TEST_CASE("every design is of one family and has a name of its own; the models come first") {
    std::set<std::string_view> names, families;
    std::size_t of_families = 0;
    for (const designs::Family *family : designs::families()) {
        CHECK(families.insert(family->name).second);
        CHECK(!family->designs.empty());
        of_families += family->designs.size();
    }
    CHECK(of_families == designs::all().size());
    bool model = true;
    for (const designs::Design &design : designs::all()) {
        CAPTURE(design.name);
        CHECK(names.insert(design.name).second);
        CHECK(designs::find(design.name) == &design);
        CHECK((model || !design.model));
        model = design.model;
    }
}

TEST_CASE("a System can be of any generation of a family, and its models work there") {
    for (const designs::Family *family : designs::families())
        for (const designs::Generation *generation : family->generations)
            for (const designs::Design &design : family->designs) {
                if (!design.model) continue;
                CAPTURE(design.name);
                CAPTURE(generation->name);
                DesignFixture f(design.name);
                generation->choose(f.system);
                std::string path = design.path;
                const int control = design.ask ? f.open(path.c_str()) : -1;
                if (design.ask) path = design.ask(handle(f.root), control);
                const int fd = f.open(path.c_str());
                // In 2000 a handler had to make the very name that was looked for.
                CHECK((fd >= 0) == (std::string_view(design.name) != "freebsd-dev_clone" || std::string_view(generation->name) != "2000"));
                if (fd >= 0) CHECK(f.close(fd) == 0);
            }
}
