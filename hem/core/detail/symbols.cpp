#include "hem/core/detail/symbols.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

namespace hem::detail {
namespace {

using elf_header = ElfW(Ehdr);
using elf_section = ElfW(Shdr);
using elf_symbol = ElfW(Sym);

std::string demangle(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> clear(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return status == 0 ? clear.get() : name;
}

std::string with_offset(std::string name, std::uintptr_t offset) {
    char text[32];
    std::snprintf(text, sizeof text, "+0x%zx", static_cast<std::size_t>(offset));
    constexpr std::size_t longest = 300;
    if (name.size() > longest) name = name.substr(0, longest) + "...";
    return name + text;
}

// The program's own functions: a stripped program has none, then the dynamic table has to do.
class program_symbols {
public:
    program_symbols() {
        ::dl_iterate_phdr(
            [](dl_phdr_info* info, std::size_t, void* self) {
                auto& symbols = *static_cast<program_symbols*>(self);
                symbols.base_ = info->dlpi_addr;
                for (int i = 0; i < info->dlpi_phnum; ++i) {
                    const auto& part = info->dlpi_phdr[i];
                    if (part.p_type == PT_LOAD) symbols.end_ = std::max<std::uintptr_t>(symbols.end_, part.p_vaddr + part.p_memsz);
                }
                return 1;  // the first is the program
            },
            this);
        const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        struct stat about{};
        if (::fstat(fd, &about) == 0 && about.st_size > 0) {
            const auto bytes = static_cast<std::size_t>(about.st_size);
            if (void* file = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0); file != MAP_FAILED) {
                read(static_cast<const char*>(file), bytes);
                ::munmap(file, bytes);
            }
        }
        ::close(fd);
    }

    // Empty if the address is none of the program's.
    std::string find(std::uintptr_t address) const {
        if (address < base_ || address - base_ >= end_) return {};
        const auto offset = address - base_;
        auto after =
            std::upper_bound(functions_.begin(), functions_.end(), offset, [](auto at, const function& f) { return at < f.begin; });
        if (after == functions_.begin()) return {};
        const function& found = *std::prev(after);
        if (offset >= found.begin + std::max<std::uintptr_t>(found.bytes, 1)) return {};
        return with_offset(demangle(names_.data() + found.name), offset - found.begin);
    }

private:
    struct function {
        std::uintptr_t begin;
        std::uintptr_t bytes;
        std::size_t name;
    };

    void read(const char* file, std::size_t bytes) {
        const auto inside = [bytes](std::size_t offset, std::size_t length) { return offset <= bytes && length <= bytes - offset; };
        if (!inside(0, sizeof(elf_header))) return;
        const auto& header = *reinterpret_cast<const elf_header*>(file);
        if (std::string_view(file, SELFMAG) != ELFMAG || header.e_shentsize != sizeof(elf_section)) return;
        if (!inside(header.e_shoff, std::size_t{header.e_shnum} * sizeof(elf_section))) return;
        const auto* sections = reinterpret_cast<const elf_section*>(file + header.e_shoff);
        for (unsigned i = 0; i < header.e_shnum; ++i) {
            const elf_section& table = sections[i];
            if (table.sh_type != SHT_SYMTAB || table.sh_link >= header.e_shnum) continue;
            const elf_section& text = sections[table.sh_link];
            if (!inside(table.sh_offset, table.sh_size) || !inside(text.sh_offset, text.sh_size)) continue;
            names_.assign(file + text.sh_offset, text.sh_size);
            const auto* symbols = reinterpret_cast<const elf_symbol*>(file + table.sh_offset);
            for (std::size_t k = 0; k < table.sh_size / sizeof(elf_symbol); ++k) {
                const elf_symbol& one = symbols[k];
                if (ELF64_ST_TYPE(one.st_info) != STT_FUNC || one.st_value == 0 || one.st_name >= names_.size()) continue;
                functions_.push_back({one.st_value, one.st_size, one.st_name});
            }
        }
        std::sort(functions_.begin(), functions_.end(), [](const function& a, const function& b) { return a.begin < b.begin; });
    }

    std::uintptr_t base_ = 0;
    std::uintptr_t end_ = 0;
    std::string names_;
    std::vector<function> functions_;
};

}  // namespace

std::string symbol_of(const void* address) {
    static const program_symbols program;
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    if (auto name = program.find(at); !name.empty()) return name;
    Dl_info info{};
    if (::dladdr(address, &info) != 0 && info.dli_fname) {
        std::string_view library = info.dli_fname;
        if (const auto slash = library.rfind('/'); slash != std::string_view::npos) library.remove_prefix(slash + 1);
        const bool named = info.dli_sname != nullptr;
        const auto start = reinterpret_cast<std::uintptr_t>(named ? info.dli_saddr : info.dli_fbase);
        return with_offset(named ? demangle(info.dli_sname) : std::string("?"), at - start) + " (" + std::string(library) + ")";
    }
    char text[32];
    std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(at));
    return text;
}

}  // namespace hem::detail
